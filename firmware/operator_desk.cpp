#include "firmware/operator_desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "contract/payload.hpp"
#include "contract/support/config_file.hpp"
#include "contract/view/live.hpp"

namespace firebreak {

namespace {

/// The words of the command line that differ from the wire's.
constexpr std::array<std::pair<std::string_view, OperatorAction>, 1> short_words = {
    {{"ack", OperatorAction::acknowledge}}};

std::optional<OperatorAction> action_of(const std::string& word) {
    for (const auto& [brief, action] : short_words) {
        if (word == brief) return action;
    }
    return parse_operator_action(word);
}

std::string deed(const char* what, const std::optional<Deed>& done) {
    return done ? fmt::format("{} by {} at {}", what, done->by, format_wall(done->at)) : "";
}

std::vector<std::string> remarks(const AlarmNotice& notice) {
    std::vector<std::string> out;
    const auto add = [&out](const std::string& text) {
        if (!text.empty()) out.push_back(text);
    };
    if (notice.first_out) add("first of " + notice.group);
    if (notice.latched) add("latched");
    if (notice.acknowledged) {
        add(notice.acknowledge ? deed("acknowledged", notice.acknowledge) : "acknowledged");
    }
    if (notice.asked_again > 0) add(fmt::format("asked again {} times", notice.asked_again));
    if (notice.chattering) add("chattering");
    if (notice.shelved) add(notice.shelve ? deed("shelved", notice.shelve) : "shelved");
    if (notice.shelved_until) add("shelved until " + format_wall(*notice.shelved_until));
    add(deed("out of service", notice.out_of_service));
    add(deed("suppressed", notice.suppress));
    if (!notice.suppressed_by.empty()) add("suppressed during " + notice.suppressed_by);
    return out;
}

/// What to look at first stands first.
auto press(const AlarmNotice& notice) {
    const bool active = is_active(notice.phase);
    const auto rank = !active ? 3 : notice.is_silenced() ? 2 : notice.acknowledged ? 1 : 0;
    return std::tuple(rank, !notice.first_out, -static_cast<std::int64_t>(notice.priority),
                      notice.since, notice.alarm);
}

Result<void> check_names(const std::vector<std::string>& names, const SitePlan& plan) {
    std::vector<std::string_view> known;
    for (const auto& alarm : plan.alarms) known.push_back(alarm.name);
    for (const auto& name : names) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        const auto near = nearest(name, known);
        return fail(Fault::config,
                    fmt::format("there is no alarm {}{}", name,
                                near.empty() ? "" : fmt::format("; did you mean {}?", near)));
    }
    return {};
}

}  // namespace

Result<OperatorWish> parse_wish(const std::vector<std::string>& words, const std::string& by,
                                const std::string& for_text, const SitePlan& plan) {
    OperatorWish wish;
    const auto& verb = words.front();
    wish.alarms.assign(words.begin() + 1, words.end());
    wish.by = by;
    if (verb != "list" && verb != "show") {
        wish.action = action_of(verb);
        if (!wish.action) {
            return fail(Fault::config,
                        verb +
                            ": ask for list, show, ack, reset, shelve, unshelve, suppress, "
                            "unsuppress, out-of-service or in-service");
        }
        if (by.empty() || by.size() > 64) {
            return fail(Fault::config, "say who asks: --by NAME, at most 64 characters");
        }
    }
    wish.in_full = verb == "show";
    if (verb != "list" && wish.alarms.empty()) {
        return fail(Fault::config, verb + " which alarm? give its name");
    }
    const bool shelves = wish.action == OperatorAction::shelve;
    if (shelves != !for_text.empty()) {
        return fail(Fault::config, shelves ? "shelve for how long? --for 1h, at most 24h"
                                           : "--for is for shelve only");
    }
    if (shelves) {
        const auto length = parse_duration(for_text);
        if (!length || *length <= Duration::zero() || *length > std::chrono::hours(24)) {
            return fail(Fault::config, "--for " + for_text + ": a duration from 1ms to 24h");
        }
        wish.shelve_for = *length;
    }
    if (auto known = check_names(wish.alarms, plan); !known) {
        return tl::unexpected<Error>(known.error());
    }
    if (wish.alarms.empty()) {
        for (const auto& alarm : plan.alarms) wish.alarms.push_back(alarm.name);
    }
    return wish;
}

OperatorDesk::OperatorDesk(const SitePlan& plan, OperatorWish wish, Stamp as)
    : agent_{plan.site, Role::agent, plan.agent}, wish_(std::move(wish)) {
    if (plan.trust.signing) stamp_ = std::move(as);
}

std::vector<std::string> OperatorDesk::subscriptions() const {
    std::vector<std::string> filters;
    for (const Kind kind : {Kind::status, Kind::alarm, Kind::flood, Kind::event}) {
        filters.push_back(filter(agent_.site, Role::agent, agent_.id, kind));
    }
    return filters;
}

bool OperatorDesk::wants(const std::string& alarm) const {
    return std::find(wish_.alarms.begin(), wish_.alarms.end(), alarm) != wish_.alarms.end();
}

void OperatorDesk::take(const Arrived& arrived) {
    const auto topic = parse_topic(arrived.topic);
    if (!topic || topic->origin != agent_) return;
    if (topic->kind == Kind::status) {
        const auto status = parse_status(arrived.payload);
        if (!status) return;
        online_ = status->online;
        heard_ = Echo{status->stamp.boot, status->stamp.seq};
    } else if (topic->kind == Kind::alarm && wants(topic->name)) {
        auto notice = parse_alarm(arrived.payload);
        if (!notice || notice->alarm != topic->name) return;
        notices_[topic->name] = std::move(*notice);
        payloads_[topic->name] = live_json({arrived.topic, arrived.payload, true});
    } else if (topic->kind == Kind::flood) {
        if (auto flood = parse_flood(arrived.payload)) flood_ = std::move(*flood);
    } else if (topic->kind == Kind::event) {
        take_event(arrived);
    }
}

void OperatorDesk::take_event(const Arrived& arrived) {
    const auto event = parse_event(arrived.payload);
    // Another operator's request of the same kind is told from ours by his name.
    if (!asked_ || !event || event->action != wish_.action || event->by != wish_.by) return;
    if (!event->outcome || !wants(event->alarm)) return;
    answers_[event->alarm] = {*event, live_json({arrived.topic, arrived.payload, false})};
}

bool OperatorDesk::is_done() const {
    if (online_ == false) return wish_.action || notices_.size() == wish_.alarms.size();
    return online_ && (wish_.action ? answers_.size() : notices_.size()) == wish_.alarms.size();
}

std::vector<Message> OperatorDesk::take_requests() {
    std::vector<Message> requests;
    if (!wish_.action || asked_ || !online_.value_or(false)) return requests;
    asked_ = true;
    for (const auto& alarm : wish_.alarms) {
        OperatorRequest request{alarm, *wish_.action, seconds(wish_.shelve_for), wish_.by};
        if (stamp_) {
            ++stamp_->seq;
            request.to = heard_;
            request.stamp = stamp_;
        }
        requests.push_back(
            {to_string(Topic{agent_, Kind::operator_request, alarm, ""}), to_json(request), false});
    }
    return requests;
}

std::string OperatorDesk::text(bool json) const {
    std::string out;
    if (wish_.action) {
        for (const auto& [alarm, answer] : answers_) {
            out += json ? answer.json
                        : fmt::format("{}: {}, {}\n", alarm, to_string(*answer.event.outcome),
                                      answer.event.cause);
        }
        return out;
    }
    if (json) {
        for (const auto& [alarm, payload] : payloads_) out += payload;
        return out;
    }
    return list();
}

std::string OperatorDesk::list() const {
    std::vector<const AlarmNotice*> shown;
    for (const auto& [alarm, notice] : notices_) shown.push_back(&notice);
    std::sort(shown.begin(), shown.end(),
              [](const auto* a, const auto* b) { return press(*a) < press(*b); });
    std::string out;
    if (flood_ && flood_->active && !flood_->alarms.empty() && !wish_.in_full) {
        out += fmt::format("flood since {}: {} new alarms, the first of them {}\n",
                           format_wall(flood_->since), flood_->recent, flood_->alarms.front());
    }
    for (const auto* notice : shown) {
        if (wish_.in_full) {
            out += in_full(*notice);
            continue;
        }
        out += fmt::format("{:<8} {:<8} {:>4}  {}{}{}: {}\n", to_string(notice->phase),
                           to_string(notice->severity), notice->priority, notice->alarm,
                           remarks(*notice).empty() ? "" : ", ", fmt::join(remarks(*notice), ", "),
                           notice->cause);
    }
    return out;
}

std::string OperatorDesk::in_full(const AlarmNotice& notice) const {
    auto out =
        fmt::format("{}\n  {} since {}\n  {}, priority {}\n", notice.alarm, to_string(notice.phase),
                    format_wall(notice.since), to_string(notice.severity), notice.priority);
    for (const auto& remark : remarks(notice)) out += "  " + remark + '\n';
    return out + "  " + notice.cause + '\n';
}

std::string OperatorDesk::trouble() const {
    std::string out;
    if (!online_) {
        out += fmt::format("no word of {}/{} at the broker\n", agent_.site, agent_.id);
    } else if (!*online_) {
        out += fmt::format("{}/{} is not running{}\n", agent_.site, agent_.id,
                           wish_.action ? ": nothing was asked" : ": this is what it last said");
    }
    for (const auto& alarm : wish_.alarms) {
        const auto answer = answers_.find(alarm);
        if (!wish_.action && notices_.count(alarm) == 0) {
            out += alarm + ": no word of it\n";
        } else if (wish_.action && asked_ && answer == answers_.end()) {
            out += alarm + ": asked, but no answer came\n";
        } else if (answer != answers_.end() && answer->second.event.outcome == Outcome::refused) {
            out += fmt::format("{}: refused\n", alarm);
        }
    }
    return out;
}

}  // namespace firebreak
