#include "bench/host/room_voice.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>
#include <variant>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "tests/support/eventually.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

Origin agent(const std::string& name) {
    return {"pangyo", Role::agent, name};
}

}  // namespace

RoomVoice::RoomVoice(const std::string& url, const std::string& name) : name_(name) {
    LinkOptions options;
    options.broker.urls = {url};
    options.client_id = "bench-" + name;
    options.subscriptions = {filter("+", Role::host, "+", Kind::posture),
                             filter("+", Role::host, "+", Kind::status)};
    options.will = {to_string(Topic{agent(name), Kind::status, "", ""}), to_json(Status{}), true};
    link_ = make_mqtt_link(options, [this](LinkEvent event) { inbox_.post(std::move(event)); });
    const auto connected = [this] {
        pump();
        return up_;
    };
    if (!eventually(connected)) throw std::runtime_error("the bench's room found no broker");
    alive();
}

void RoomVoice::alive() {
    Status status;
    status.online = true;
    status.heartbeat_s = 3600;
    status.stamp = {"life", ++seq_, {}};
    publish({to_string(Topic{agent(name_), Kind::status, "", ""}), to_json(status), true});
}

void RoomVoice::alarm(const std::string& name, Phase phase) {
    AlarmNotice notice;
    notice.alarm = name;
    notice.phase = phase;
    notice.severity = Severity::high;
    notice.cause = "ups1 battery.temperature 71.2 Cel above 60";
    notice.stamp = {"life", ++seq_, {}};
    publish({to_string(Topic{agent(name_), Kind::alarm, name, ""}), to_json(notice), true});
}

void RoomVoice::publish(const Message& message) {
    while (!link_->publish(message)) pump();
}

void RoomVoice::pump() {
    static_cast<void>(link_->tick(std::chrono::steady_clock::now()));
    auto event = inbox_.take(std::chrono::steady_clock::now() + 1ms);
    for (; event; event = inbox_.take_now()) {
        if (std::holds_alternative<LinkUp>(*event)) up_ = true;
        const auto* message = std::get_if<Arrived>(&*event);
        if (message == nullptr) continue;
        const auto topic = parse_topic(message->topic);
        if (!topic) continue;
        if (topic->kind == Kind::posture) {
            const auto begins = message->payload.substr(0, 200);
            drained_.erase(topic->name);
            for (const auto* low : {"drain", "shed", "cut"}) {
                const auto reads = R"("reached":")" + std::string(low) + '"';
                if (begins.find(reads) != begins.npos) drained_.insert(topic->name);
            }
            postures_[topic->name] = message->payload;
            ++heard_;
        } else if (auto status = parse_status(message->payload)) {
            host_ = *status;
        }
    }
}

std::string RoomVoice::blocked() const {
    for (const auto& [target, payload] : postures_) {
        const auto notice = parse_posture_notice(payload);
        if (notice && !notice->blocked.empty()) return target + ": " + notice->blocked;
    }
    return "nothing";
}

}  // namespace firebreak
