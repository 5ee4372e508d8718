#include "firmware/register_write.hpp"

#include "firmware/profile/codec.hpp"

namespace firebreak {

Result<WriteOrder> write_order(std::uint64_t ticket, std::size_t index, const DevicePlan& device,
                               const Register& reg, double value) {
    Words words(static_cast<std::size_t>(word_count(reg)), 0);
    if (auto encoded = encode(reg, value, words); !encoded) {
        return tl::unexpected(encoded.error());
    }
    const auto address = static_cast<std::uint16_t>(device.base + reg.address);
    return WriteOrder{ticket, index, {device.unit, reg.table, address, std::move(words)}};
}

Reading read_back(const DevicePlan& device, const Register& reg, const Words& words, Instant at) {
    return {{device.name, reg.measure}, decode(reg, words), label_of(reg, words), reg.unit, at};
}

}  // namespace firebreak
