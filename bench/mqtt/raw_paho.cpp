#include "bench/mqtt/raw_paho.hpp"

#include <mqtt/async_client.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace firebreak {
namespace {

std::string paho_url(const std::string& url) {
    return "tcp" + url.substr(url.find(':'));
}

[[noreturn]] void give_up(const mqtt::exception& why) {
    std::fprintf(stderr, "raw paho: %s\n", why.what());
    std::exit(1);
}

mqtt::connect_options plain() {
    mqtt::connect_options options;
    options.set_mqtt_version(MQTTVERSION_5);
    options.set_clean_start(true);
    return options;
}

}  // namespace

struct RawSubscriber::State final : mqtt::callback {
    State(const std::string& url, Heard the_heard)
        : heard(std::move(the_heard)),
          client(paho_url(url), "raw-subscriber", mqtt::create_options(MQTTVERSION_5)) {}
    void message_arrived(mqtt::const_message_ptr message) override {
        heard(message->get_payload_str());
    }
    Heard heard;
    mqtt::async_client client;
};

RawSubscriber::RawSubscriber(const std::string& url, const std::string& filter, Heard heard)
    : state_(std::make_unique<State>(url, std::move(heard))) {
    try {
        state_->client.set_callback(*state_);
        state_->client.connect(plain())->wait();
        state_->client.subscribe(filter, 1)->wait();
    } catch (const mqtt::exception& e) {
        give_up(e);
    }
}

RawSubscriber::~RawSubscriber() {
    try {
        state_->client.disconnect()->wait();
    } catch (const mqtt::exception&) {
        // The broker went first.
    }
}

void publish_raw(const std::string& url, const std::string& topic, Duration period, int count,
                 const std::function<std::string()>& next) {
    try {
        mqtt::async_client client(paho_url(url), "raw-publisher",
                                  mqtt::create_options(MQTTVERSION_5));
        client.connect(plain())->wait();
        auto due = std::chrono::steady_clock::now();
        for (int i = 0; i < count; ++i) {
            std::this_thread::sleep_until(due += period);
            client.publish(mqtt::make_message(topic, next(), 1, true))->wait();
        }
        client.disconnect()->wait();
    } catch (const mqtt::exception& e) {
        give_up(e);
    }
}

}  // namespace firebreak
