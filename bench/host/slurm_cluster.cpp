#include "bench/host/slurm_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/support/process_figures.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

constexpr const char* configuration = R"(ClusterName=bench
SlurmctldHost=localhost
SlurmctldPort={0}
AuthType=auth/munge
AuthInfo=socket={1}/munge.sock
SlurmUser=root
StateSaveLocation={1}/state
SlurmdSpoolDir={1}/spool.%n
SlurmctldPidFile={1}/slurmctld.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SchedulerType=sched/builtin
AccountingStorageType=accounting_storage/none
SlurmdTimeout=0
NodeName=n[0-{2}] NodeHostname=localhost NodeAddr=127.0.0.1 Port=1 CPUs=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
)";

}  // namespace

SlurmCluster::SlurmCluster(std::size_t nodes) : count_(nodes) {
    const auto folder = folder_.path().string();
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    std::filesystem::create_directory(folder + "/state");
    folder_.write("slurm.conf",
                  fmt::format(fmt::runtime(configuration), free_port(), folder, nodes - 1));
    folder_.write("cgroup.conf", "CgroupPlugin=cgroup/v1\n");
    const auto key = folder_.write("munge.key", std::string(1024, 'k'));
    std::filesystem::permissions(key, std::filesystem::perms(0400));
    munge_ = std::make_unique<Process>(
        "munged",
        std::vector<std::string>{"--foreground", "--force", "--socket=" + folder + "/munge.sock",
                                 "--key-file=" + key, "--log-file=" + folder + "/munge.log",
                                 "--pid-file=" + folder + "/munge.pid",
                                 "--seed-file=" + folder + "/munge.seed"});
    const bool munged = eventually([&] { return std::filesystem::exists(folder + "/munge.sock"); });
    controller_ =
        std::make_unique<Process>("slurmctld", std::vector<std::string>{"-D", "-i"},
                                  std::map<std::string, std::string>{{"SLURM_CONF", conf()}});
    const bool answers =
        munged && eventually(
                      [&] {
                          Process ping("scontrol", {"ping"}, {{"SLURM_CONF", conf()}});
                          return ping.wait(10s) == 0;
                      },
                      60s);
    if (!answers) throw std::runtime_error("slurmctld did not start: " + controller_->err());
    update("drain");  // the first is slower: it makes what it keeps
    update("undrain");
}

double SlurmCluster::timed(const std::string& tool, const std::vector<std::string>& words) const {
    const auto start = std::chrono::steady_clock::now();
    Process process(tool, words, {{"SLURM_CONF", conf()}});
    // Of a node whose slurmd has never come it says that it cannot undrain it, and does.
    const bool may_complain = words.back() == "State=undrain";
    if (process.wait(60s) != 0 && !may_complain) {
        throw std::runtime_error(tool + ": " + process.err());
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double SlurmCluster::update(const std::string& state) const {
    std::vector<std::string> words{"update", fmt::format("NodeName=n[0-{}]", count_ - 1),
                                   "State=" + state};
    if (state == "drain") words.emplace_back("Reason=bench");
    const auto took = timed("scontrol", words);
    if (state == "undrain") settle();
    return took;
}

/// Nodes that come back are asked for, by thousands of threads that find nobody: what is measured
/// next must not be measured beside them.
void SlurmCluster::settle() const {
    constexpr auto a_while = 500ms;
    constexpr double calm = 0.05;  // seconds of processor in that while
    constexpr int calm_whiles = 2;  // it comes in waves
    for (int tries = 0, calms = 0; tries < 60 && calms < calm_whiles; ++tries) {
        const auto before = cpu_seconds(controller_->pid());
        std::this_thread::sleep_for(a_while);
        calms = cpu_seconds(controller_->pid()) - before < calm ? calms + 1 : 0;
    }
}

double SlurmCluster::show() const {
    return timed("scontrol", {"--oneliner", "show", "node"});
}

double SlurmCluster::show_alike() const {
    return timed("sinfo", {"--noheader", "--all", "--local", "--states=drain,down",
                           "--Format=StateComplete:0|,NodeList:0|,Reason:0"});
}

std::size_t SlurmCluster::count_drained() const {
    Process process("scontrol", {"--oneliner", "show", "node"}, {{"SLURM_CONF", conf()}});
    if (process.wait(60s) != 0) return 0;
    const auto text = process.out();
    std::size_t count = 0;
    for (auto at = text.find("+DRAIN"); at != std::string::npos; at = text.find("+DRAIN", at + 1)) {
        ++count;
    }
    return count;
}

std::string slurm_policy_file(std::size_t nodes, const std::string& broker_url,
                              const std::string& conf) {
    auto text = fmt::format(
        "site = \"seoul\"\nhost = \"seoul-1\"\narmed = true\nheartbeat = \"1s\"\n"
        "[broker]\nurl = \"{}\"\n"
        "[guard]\nmin_ready = 0\nmax_steps_per_minute = 100000\nevidence_max_age = \"1h\"\n"
        "[[endpoint]]\nname = \"batch\"\nslurm = \"/usr/bin\"\nconf = \"{}\"\ntimeout = \"30s\"\n",
        broker_url, conf);
    std::string all;
    for (std::size_t first = 0; first < nodes; first += Fleet::a_backend) {
        const auto name = fmt::format("batch-{}", first / Fleet::a_backend);
        text += fmt::format(
            "[[target]]\nname = \"{}\"\nsite = \"pangyo\"\n"
            "slurm = {{endpoint = \"batch\", nodes = [\"n[{}-{}]\"]}}\n",
            name, first, std::min(nodes, first + Fleet::a_backend) - 1);
        all += fmt::format("\"{}\",\n", name);
    }
    return text + fmt::format(
                      "[[rule]]\nwhile = {{site = \"pangyo\", alarm = \"gas\"}}\n"
                      "targets = [\n{}]\nat_least = \"drain\"\n",
                      all);
}

}  // namespace firebreak
