#include "tests/peers/slurm.hpp"

#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

constexpr const char* configuration = R"(ClusterName=test
SlurmctldHost=localhost
SlurmctldPort={0}
AuthType=auth/munge
AuthInfo=socket={1}/munge.sock
SlurmUser=root
SlurmdUser=root
StateSaveLocation={1}/state
SlurmdSpoolDir={1}/spool.%n
SlurmctldPidFile={1}/slurmctld.pid
SlurmdPidFile={1}/slurmd.%n.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
ReturnToService=1
SelectType=select/cons_tres
SchedulerType=sched/builtin
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SuspendProgram=/bin/true
ResumeProgram=/bin/true
SuspendTime=3600
SuspendTimeout=1
ResumeTimeout=5
)";

}  // namespace

Slurm22::Slurm22(int nodes) {
    const auto folder = folder_.path().string();
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    std::filesystem::create_directory(path("state"));
    auto conf = fmt::format(fmt::runtime(configuration), free_port(), folder);
    for (int i = 1; i <= nodes; ++i) {
        std::filesystem::create_directory(path(fmt::format("spool.n{}", i)));
        conf += fmt::format(
            "NodeName=n{} NodeHostname=localhost NodeAddr=127.0.0.1 Port={} CPUs=1 State=UNKNOWN\n",
            i, free_port());
    }
    conf += "PartitionName=all Nodes=ALL Default=YES State=UP\n";
    folder_.write("slurm.conf", conf);
    // No plugin above asks for cgroups; left to find out which version there is, slurmd does not
    // start where none is mounted.
    folder_.write("cgroup.conf", "CgroupPlugin=cgroup/v1\n");
    const auto key = folder_.write("munge.key", std::string(1024, 'k'));
    std::filesystem::permissions(key, std::filesystem::perms(0400));
    munge_ = std::make_unique<Process>(
        "munged", std::vector<std::string>{
                      "--foreground", "--force", "--socket=" + path("munge.sock"),
                      "--key-file=" + key, "--log-file=" + path("munge.log"),
                      "--pid-file=" + path("munge.pid"), "--seed-file=" + path("munge.seed")});
    REQUIRE(eventually([&] { return std::filesystem::exists(path("munge.sock")); }));
    const std::map<std::string, std::string> environment = {{"SLURM_CONF", this->conf()}};
    controller_ =
        std::make_unique<Process>("slurmctld", std::vector<std::string>{"-D", "-i"}, environment);
    for (int i = 1; i < nodes; ++i) {
        nodes_.push_back(std::make_unique<Process>(
            "slurmd", std::vector<std::string>{"-D", "-N", fmt::format("n{}", i)}, environment));
    }
    const bool ready = eventually(
        [&] {
            Process ping("scontrol", {"ping"}, environment);
            if (ping.wait(60s) != 0) return false;
            for (int i = 1; i < nodes; ++i) {
                if (show(fmt::format("n{}", i)).find(" State=IDLE ") == std::string::npos) {
                    return false;
                }
            }
            return true;
        },
        60s);
    INFO(controller_->err());
    REQUIRE(ready);
}

Slurm22::~Slurm22() {
    nodes_.clear();
    controller_.reset();
    const auto ours = "SLURM_CONF=" + conf();
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        std::ifstream environment(entry.path() / "environ");
        for (std::string word; std::getline(environment, word, '\0');) {
            if (word == ours) ::kill(std::stoi(name), SIGKILL);
        }
    }
}

std::string Slurm22::tool(const std::string& name, const std::vector<std::string>& words) const {
    Process process(name, words, {{"SLURM_CONF", conf()}});
    const auto code = process.wait(20s);
    INFO(name << ": " << process.out() << process.err());
    REQUIRE(code == 0);
    return process.out();
}

std::string Slurm22::job(const std::string& node, const std::string& script) const {
    auto id = tool("sbatch", {"--parsable", "--nodelist=" + node, "--output=/dev/null", "--requeue",
                              "--wrap=" + script});
    while (id.ends_with('\n')) id.pop_back();
    REQUIRE(eventually(
        [&] {
            return tool("squeue", {"--noheader", "--states=RUNNING", "--format=%A"}).find(id) !=
                   std::string::npos;
        },
        30s));
    return id;
}

}  // namespace firebreak
