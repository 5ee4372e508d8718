#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill is POSIX, not C
#include <unistd.h>

#include "contract/support/log.hpp"
#include "contract/view/screen.hpp"
#include "firmware/bus/modbus_bus.hpp"
#include "firmware/bus/read_only_bus.hpp"
#include "firmware/shell.hpp"
#include "firmware/verbs/site_files.hpp"
#include "firmware/verbs/verbs.hpp"

namespace firebreak {
namespace {

constexpr Duration redraw = std::chrono::milliseconds(500);

struct Given {
    std::string config;
    std::string board;
    bool json = false;
};

/// A terminal in the broker's place: it is always up and sends nothing back.
class ScreenLink final : public Link {
public:
    ScreenLink(Form form, std::function<void(LinkEvent)> sink)
        : screen_(form), sink_(std::move(sink)) {}

    Instant tick(Instant now) override {
        now_ = now;
        if (!up_) sink_(LinkUp{});
        up_ = true;
        if (now < due_) return due_;
        heard(screen_.draw(now));
        due_ = screen_.form() == Form::table ? now + redraw : never;
        return due_;
    }
    Result<void> publish(const Message& message) override {
        heard(screen_.take(message, now_));
        if (message.ticket != 0) had_.push_back(message.ticket);
        return {};
    }
    std::vector<std::uint64_t> take_delivered() override { return std::exchange(had_, {}); }
    void close(const Message&) override {}

private:
    /// Who reads no more (`| head`) has seen enough: the program ends as if told to.
    static void heard(bool well) {
        if (!well) ::kill(::getpid(), SIGTERM);
    }

    Screen screen_;
    std::function<void(LinkEvent)> sink_;
    Instant now_{};
    Instant due_{};
    bool up_ = false;
    std::vector<std::uint64_t> had_;
};

/// The agent as it is, but deaf, disarmed, and talkative enough for a table.
SitePlan watched(SitePlan plan, Form form) {
    plan.trusted_hosts.clear();
    plan.state_folder.clear();
    plan.metrics.clear();  // the running agent's port
    plan.home_assistant.clear();
    for (auto& outlet : plan.outlets) outlet.armed = false;
    for (auto& action : plan.actions) action.armed = false;
    if (form == Form::table) {
        plan.publish_every = Duration::zero();  // so that ages count from the last answer
        for (auto& device : plan.devices) device.publish.clear();
        plan.heartbeat = std::chrono::seconds(1);
    }
    return plan;
}

int watch(const Given& given) {
    open_log("firebreak-agent", LogLevel::error);  // the notes are on the screen
    auto plan = read_site(given.config, given.board);
    if (!plan) return 2;
    const auto form = Screen::suited(given.json);
    run_agent(watched(std::move(*plan), form),
              {[](const BusPlan& bus) { return make_read_only(make_modbus_bus(bus)); },
               [form](const LinkOptions&, std::function<void(LinkEvent)> sink) {
                   return std::make_unique<ScreenLink>(form, std::move(sink));
               }});
    return 0;
}

}  // namespace

void add_watch(Program& program) {
    const auto given = std::make_shared<Given>();
    program
        .verb("watch", "Run a whole site's agent on this terminal: no broker, nothing written",
              [given] { return watch(*given); })
        .option("--config", "the site file", given->config, true)
        .option("--board", "the board file that names the serial ports", given->board)
        .flag("--json", "each message as a line of JSON, as it would be published", given->json);
}

}  // namespace firebreak
