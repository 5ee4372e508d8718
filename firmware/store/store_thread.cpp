#include "firmware/store/store_thread.hpp"

#include <utility>

namespace firebreak {

StoreThread::StoreThread(std::unique_ptr<Store> store, std::function<void()> done)
    : store_(std::move(store)), done_(std::move(done)), thread_([this] { run(); }) {}

StoreThread::~StoreThread() {
    static_cast<void>(orders_.post(End{}));  // there is room: one order at a time
    thread_.join();
}

void StoreThread::write(StoreOrder order) {
    static_cast<void>(orders_.post(std::move(order)));
}

void StoreThread::run() {
    while (const auto order = orders_.take(never)) {
        const auto* wanted = std::get_if<StoreOrder>(&*order);
        if (wanted == nullptr) return;
        static_cast<void>(reports_.post(store_->write(*wanted)));
        done_();
    }
}

}  // namespace firebreak
