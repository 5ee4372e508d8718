#include <mqtt/async_client.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "contract/link/dotless_link.hpp"
#include "contract/link/link.hpp"
#include "contract/link/no_delay.hpp"
#include "contract/link/slots.hpp"
#include "contract/link/turns.hpp"
#include "contract/payload.hpp"
#include "contract/support/log.hpp"

namespace firebreak {
namespace {

constexpr std::size_t most_in_flight = Slots::most;
constexpr auto connect_timeout = std::chrono::seconds(5);
// paho looks at its timeouts every 3 s, and drops a CONNECT without a word when the last
// connection is still closing (MQTTAsyncUtils.c, MQTTAsync_processCommand): so we look too.
constexpr Duration connect_patience = std::chrono::seconds(10);
// A long keep-alive says that the broker is slow: NATS answers nothing while it makes
// subscriptions on a cluster that has just lost a node, for up to half a minute.
constexpr int keep_alives_to_connect = 3;
// What was in flight when a connection died is sent again on the next one, unless it is old.
constexpr auto resend_within = std::chrono::seconds(30);
constexpr auto resend_every = std::chrono::milliseconds(20);
constexpr auto farewell_patience = std::chrono::milliseconds(500);
constexpr auto disconnect_patience = std::chrono::milliseconds(300);

std::string paho_url(const std::string& url) {
    if (url.starts_with("mqtts:")) return "ssl" + url.substr(5);
    if (url.starts_with("mqtt:")) return "tcp" + url.substr(4);
    return url;  // paho refuses what it does not know
}

/// A CONNACK's refusal comes as the return code, all other refusals as the reason code.
std::string reason_of(const mqtt::token& token) {
    const int code = token.get_return_code();
    if (code > 0 && code < mqtt::ReasonCode::UNSPECIFIED_ERROR)
        return std::string(connack_text(code));
    const int reason = code > 0 ? code : token.get_reason_code();
    if (reason >= mqtt::ReasonCode::UNSPECIFIED_ERROR) {
        return mqtt::exception::reason_code_str(reason);
    }
    return code == MQTTASYNC_FAILURE ? "no answer" : mqtt::exception::error_str(code);
}

/// OpenSSL 3 sets itself up when it is used; unused it costs megabytes of a board. Once in a
/// process: it makes paho's locks anew (MQTTAsync.c, MQTTAsync_init), which its threads may hold.
void set_up_paho() {
    static std::once_flag once;
    std::call_once(once, [] {
        MQTTAsync_init_options init = MQTTAsync_init_options_initializer;
        MQTTAsync_global_init(&init);
    });
}

/// Two functions as a listener of paho's; called on paho's threads.
class Outcomes : public mqtt::iaction_listener {
public:
    using Done = std::function<void(const mqtt::token&)>;
    Outcomes(Done good, Done bad) : good_(std::move(good)), bad_(std::move(bad)) {}
    void on_success(const mqtt::token& token) override { good_(token); }
    void on_failure(const mqtt::token& token) override { bad_(token); }

private:
    Done good_, bad_;
};

/// paho's own reconnection is not used: it never retries a first connect that failed.
///
/// All calls but the callbacks are the core thread's. Callbacks run with paho's lock held
/// (MQTTAsyncUtils.c), so they must neither wait for paho nor ask it anything; they may start
/// an operation. Between the threads stand only `state_` and the stages of the slots.
class PahoLink final : public Link, mqtt::callback {
public:
    PahoLink(LinkOptions options, std::function<void(LinkEvent)> sink)
        : options_(std::move(options)),
          sink_(std::move(sink)),
          turns_(options_.broker.urls.size(), options_.client_id),
          connecting_([this](const mqtt::token& token) { accepted(token); },
                      [this](const mqtt::token& token) { lost(refusal(token)); }),
          subscribing_(
              [this](const mqtt::token& token) { subscribed(token); },
              [this](const mqtt::token& token) { lost("subscribe: " + reason_of(token)); }),
          publishing_([this](const mqtt::token& token) { ended(slot_of(token), Slot::had); },
                      [this](const mqtt::token& token) { not_published(token); }) {}

    ~PahoLink() override { end(); }

    Instant tick(Instant now) override {
        now_ = now;
        switch (state_.load()) {
            case State::closed:
                return never;
            case State::down:
                if (now < due_) return due_;
                return due_ = connect() ? now + patience() : retry_after(now);
            case State::connecting:
            case State::subscribing:
                if (now < due_) return due_;
                lost(url() + ": no answer");
                return retry_after(now);
            case State::lost:
                return retry_after(now);
            case State::up:
                if (!resend()) return now + resend_every;
                return turns_.stays_up(now);
        }
        return never;
    }

    Result<void> publish(const Message& message) override {
        if (state_ != State::up) return fail(Fault::busy, "not connected");
        wants_room_ = true;  // before looking: what ends from now on is heard of
        slots_.collect();
        auto* slot =
            resend() && slots_.in_flight() < window_ ? slots_.take(message, now_) : nullptr;
        if (slot == nullptr) return fail(Fault::busy, "too much in flight");
        wants_room_ = false;
        return send(*slot);
    }

    std::vector<std::uint64_t> take_delivered() override { return slots_.take_tickets(); }

    void close(const Message& farewell) override {
        try {
            if (state_ == State::up &&
                !client_->publish(to_paho(farewell))->wait_for(farewell_patience)) {
                log(LogLevel::warning, "farewell_unanswered", {{"topic", farewell.topic}});
            }
        } catch (const mqtt::exception& e) {
            log(LogLevel::warning, "farewell_failed", {{"why", e.what()}});
        }
        end();
    }

private:
    enum class State { down, connecting, subscribing, up, lost, closed };

    Slot* slot_of(const mqtt::token& token) {
        return slots_.of_sending(reinterpret_cast<std::uintptr_t>(token.get_user_context()));
    }
    static mqtt::const_message_ptr to_paho(const Message& message, int qos = 1) {
        return mqtt::make_message(message.topic, message.payload, qos, message.retained);
    }
    bool move(State from, State to) { return state_.compare_exchange_strong(from, to); }

    // ---- core thread ----

    bool connect() {
        state_ = State::connecting;
        try {
            if (!client_) {
                set_up_paho();
                // No persistence, no sending while disconnected: the outbox is the cores' own.
                client_ = std::make_unique<mqtt::async_client>(
                    paho_url(url()), options_.client_id, mqtt::create_options(mqtt_version()));
                client_->set_callback(*this);
                client_->set_disconnected_handler(
                    [this](const mqtt::properties&, mqtt::ReasonCode reason) {
                        // paho does not report a connection that the broker ended as lost.
                        lost("broker: " + mqtt::exception::reason_code_str(reason));
                    });
            }
            client_->connect(connect_options(), nullptr, connecting_);
            return true;
        } catch (const mqtt::exception& e) {
            lost(url() + ": " + e.what());
            return false;
        }
    }

    mqtt::connect_options connect_options() const {
        const auto& broker = options_.broker;
        mqtt::connect_options out;
        out.set_mqtt_version(mqtt_version());
        const bool v5 = broker.version == MqttVersion::v5;
        v5 ? out.set_clean_start(!keeps()) : out.set_clean_session(!keeps());
        if (v5 && keeps()) {
            out.set_properties({{mqtt::property::SESSION_EXPIRY_INTERVAL,
                                 static_cast<int>(seconds(broker.session))}});
        }
        out.set_servers(mqtt::string_collection::create({paho_url(url())}));
        out.set_keep_alive_interval(broker.keep_alive);
        out.set_connect_timeout(connect_timeout);
        out.set_max_inflight(static_cast<int>(most_in_flight) + 1);
        if (!options_.will.topic.empty()) out.set_will_message(to_paho(options_.will));
        if (!broker.username.empty()) {
            out.set_user_name(broker.username);
            out.set_password(broker.password);
        }
        if (url().starts_with("mqtts://")) out.set_ssl(tls_options());
        return out;
    }

    [[nodiscard]] mqtt::ssl_options tls_options() const {
        const auto& broker = options_.broker;
        mqtt::ssl_options tls;  // with no file, the system's certificates are trusted
        if (!broker.ca_file.empty()) tls.set_trust_store(broker.ca_file);
        if (!broker.cert_file.empty()) {
            tls.set_key_store(broker.cert_file);
            tls.set_private_key(broker.key_file);
        }
        tls.set_ssl_version(MQTT_SSL_VERSION_TLS_1_2);  // at least
        tls.set_enable_server_cert_auth(true);
        tls.set_verify(true);
        // No set_error_handler(): paho calls it by a copy that is gone then (async_client.cpp).
        return tls;
    }

    [[nodiscard]] int mqtt_version() const {
        return options_.broker.version == MqttVersion::v5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
    }

    [[nodiscard]] bool keeps() const {
        return options_.keeps_session && options_.broker.session > Duration::zero();
    }

    [[nodiscard]] Duration patience() const {
        return std::max(connect_patience, keep_alives_to_connect * options_.broker.keep_alive);
    }

    [[nodiscard]] const std::string& url() const { return options_.broker.urls[turns_.broker()]; }

    /// Ends what is left of a failed connection; returns when to try the next.
    Instant retry_after(Instant now) {
        disconnect(std::chrono::milliseconds(0));
        due_ = turns_.failed(now);
        state_ = State::down;
        return due_;
    }

    Result<void> send(Slot& slot) {
        auto* name = reinterpret_cast<void*>(slots_.begin_sending(slot));
        try {
            client_->publish(to_paho(slot.message, options_.qos), name, publishing_);
            return {};
        } catch (const mqtt::exception& e) {
            slot.stage = Slot::free;
            return fail(Fault::busy, e.what());
        }
    }

    /// Sends again, in their order, what died with the last connection; true once none is left.
    bool resend() {
        while (true) {
            Slot* next = slots_.failed();
            if (next == nullptr) return true;
            const bool old = next->message.ticket == 0 && now_ - next->since > resend_within;
            if (old || options_.qos == 0) {
                log(LogLevel::warning, "publish_lost", {{"topic", next->message.topic}});
                next->stage = Slot::free;
            } else if (slots_.in_flight() >= window_ || !send(*next)) {
                next->stage = Slot::failed;
                return false;
            }
        }
    }

    void disconnect(std::chrono::milliseconds patience) {
        try {
            if (client_) client_->disconnect()->wait_for(patience);
        } catch (const mqtt::exception&) {
            // It was not connected.
        }
    }

    void end() {
        if (state_.exchange(State::closed) != State::closed) disconnect(disconnect_patience);
    }

    // ---- paho's threads ----

    [[nodiscard]] std::string refusal(const mqtt::token& token) const {
        // What TLS refuses on either side comes without a word.
        const bool mute =
            token.get_return_code() == MQTTASYNC_FAILURE && url().starts_with("mqtts:");
        return url() + ": " + (mute ? "no answer, or a certificate refused" : reason_of(token));
    }

    void lost(const std::string& why) {
        if (move(State::connecting, State::lost) || move(State::subscribing, State::lost) ||
            move(State::up, State::lost)) {
            sink_(LinkDown{why});
        }
    }

    /// Called twice by paho's wrapper (async_client::on_connected), hence the check.
    void accepted(const mqtt::token& token) {
        if (!move(State::connecting, State::subscribing)) return;
        send_at_once(port_of(url()));  // paho leaves it to Nagle
        try {
            const auto response = token.get_connect_response();
            window_ = window(response.get_properties());
            resumed_ = response.is_session_present();
            // What a session still held paho forgets without a word when the broker has forgotten
            // the session (MQTTAsync.c, MQTTAsync_completeConnection).
            if (!resumed_) slots_.fail_sent();
            auto filters = options_.subscriptions;
            mqtt::iasync_client::qos_collection qos(filters.size(), options_.keeps_session ? 1 : 0);
            const auto& sure = options_.sure_subscriptions;
            filters.insert(filters.end(), sure.begin(), sure.end());
            qos.resize(filters.size(), 1);
            if (filters.empty()) return went_up();
            client_->subscribe(mqtt::string_collection::create(filters), qos, nullptr,
                               subscribing_);
        } catch (const mqtt::exception& e) {
            lost(std::string("subscribe: ") + e.what());
        }
    }

    /// Beyond what the broker wants (mosquitto: 20) paho queues, and looks at that once a second
    /// (MQTTAsyncUtils.c, MQTTAsync_sendThread): we keep below, with a place left for the farewell.
    static std::size_t window(const mqtt::properties& properties) {
        const auto code = mqtt::property::RECEIVE_MAXIMUM;
        if (!properties.contains(code)) return most_in_flight;
        const std::size_t wanted = mqtt::get<std::uint16_t>(properties, code);
        return std::clamp<std::size_t>(wanted, 2, most_in_flight + 1) - 1;
    }

    /// The broker may have refused some of the filters: a link that is deaf to one is no link.
    void subscribed(const mqtt::token& token) {
        const auto response = token.get_subscribe_response();
        for (const auto reason : response.get_reason_codes()) {
            if (reason >= mqtt::ReasonCode::UNSPECIFIED_ERROR) {
                return lost("subscribe: " + mqtt::exception::reason_code_str(reason));
            }
        }
        went_up();
    }

    void went_up() {
        if (move(State::subscribing, State::up)) sink_(LinkUp{url(), resumed_});
    }

    /// A refusal is final. Any other failure is the connection's. MQTT 3.1.1 knows no refusal, and
    /// paho then gives its own error for a reason.
    void not_published(const mqtt::token& token) {
        auto* slot = slot_of(token);
        const bool refused = mqtt_version() == MQTTVERSION_5 &&
                             token.get_reason_code() >= mqtt::ReasonCode::UNSPECIFIED_ERROR;
        if (refused && slot != nullptr) {
            log(LogLevel::warning, "publish_refused",
                {{"topic", slot->message.topic}, {"why", reason_of(token)}});
        }
        ended(slot, refused ? Slot::had : Slot::failed);
    }

    /// Half the window free is worth waking for.
    void ended(Slot* slot, Slot::Stage how) {
        if (slot == nullptr) return;
        slot->stage = how;
        if (slots_.in_flight() <= window_ / 2 && wants_room_.exchange(false)) options_.on_room();
    }

    void connection_lost(const std::string& cause) override {
        lost(cause.empty() ? "connection lost" : cause);
    }

    void message_arrived(mqtt::const_message_ptr message) override {
        if (state_ == State::closed) return;
        // One byte too many is enough to be counted as too large.
        const auto& payload = message->get_payload_ref();
        const std::string_view bytes(payload.data(), payload.size());
        sink_(Arrived{message->get_topic(), std::string(bytes.substr(0, max_payload_bytes + 1))});
    }

    LinkOptions options_;
    std::function<void(LinkEvent)> sink_;
    std::atomic<State> state_{State::down};
    Turns turns_;
    Instant now_;  // of the last tick
    Instant due_;  // the next attempt, or the end of patience with this one
    std::atomic<std::size_t> window_{most_in_flight};
    std::atomic<bool> wants_room_{false};
    bool resumed_ = false;  // of paho's threads: this connection goes on with an earlier session
    Slots slots_;
    Outcomes connecting_;
    Outcomes subscribing_;
    Outcomes publishing_;
    std::unique_ptr<mqtt::async_client> client_;  // last: its end waits for the callbacks'
};

}  // namespace

std::unique_ptr<Link> make_mqtt_link(LinkOptions options, std::function<void(LinkEvent)> sink) {
    if (options.broker.dot == '.') {
        return std::make_unique<PahoLink>(std::move(options), std::move(sink));
    }
    const Dots dots(options.broker.dot);
    return std::make_unique<DotlessLink>(
        dots,
        std::make_unique<PahoLink>(dots.away(std::move(options)), dots.back(std::move(sink))));
}

}  // namespace firebreak
