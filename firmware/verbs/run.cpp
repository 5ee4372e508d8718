#include <malloc.h>

#include <cstdlib>

#include "contract/support/log.hpp"
#include "firmware/bus/modbus_bus.hpp"
#include "firmware/shell.hpp"
#include "firmware/verbs/site_files.hpp"
#include "firmware/verbs/verbs.hpp"

namespace firebreak {
namespace {

struct Given {
    std::string config;
    std::string board;
    bool verbose = false;
};

int run(const Given& given) {
    open_log("firebreak-agent", given.verbose ? LogLevel::debug : LogLevel::info);
    auto plan = read_site(given.config, given.board);
    if (!plan) return 2;
    // systemd's StateDirectory=; several folders would be parted by colons.
    if (const char* given_by = std::getenv("STATE_DIRECTORY");
        plan->state_folder.empty() && given_by != nullptr) {
        plan->state_folder = std::string(given_by).substr(0, std::string(given_by).find(':'));
    }
#ifdef __GLIBC__
    malloc_trim(0);  // what the files took while they were read: three times what is kept of them
#endif
    run_agent(std::move(*plan), {[](const BusPlan& bus) { return make_modbus_bus(bus); },
                                 [](LinkOptions options, std::function<void(LinkEvent)> sink) {
                                     return make_mqtt_link(std::move(options), std::move(sink));
                                 }});
    return 0;
}

}  // namespace

void add_run(Program& program) {
    const auto given = std::make_shared<Given>();
    program.verb("run", "Run the agent", [given] { return run(*given); })
        .option("--config", "the site file", given->config, true)
        .option("--board", "the board file that names the serial ports", given->board)
        .flag("--verbose", "log more", given->verbose);
}

}  // namespace firebreak
