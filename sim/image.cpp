#include "sim/image.hpp"

#include <algorithm>
#include <utility>

namespace firebreak {

Image::Image(std::vector<std::uint32_t> addresses) {
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    for (const auto address : addresses) {
        if (stretches_.empty() ||
            address != stretches_.back().begin + stretches_.back().words.size()) {
            stretches_.push_back({address, {}});
        }
        stretches_.back().words.push_back(0);
    }
}

/// The last stretch that begins at or before this address; one past all when none does.
std::size_t Image::index_of(std::uint32_t address) const {
    const auto after = std::upper_bound(
        stretches_.begin(), stretches_.end(), address,
        [](std::uint32_t at, const Stretch& stretch) { return at < stretch.begin; });
    if (after == stretches_.begin()) return stretches_.size();
    return static_cast<std::size_t>(after - stretches_.begin()) - 1;
}

const std::uint16_t* Image::at(std::uint32_t address) const {
    const auto index = index_of(address);
    if (index == stretches_.size()) return nullptr;
    const auto& [begin, words] = stretches_[index];
    return address - begin < words.size() ? &words[address - begin] : nullptr;
}

std::uint16_t* Image::at(std::uint32_t address) {
    return const_cast<std::uint16_t*>(std::as_const(*this).at(address));
}

std::size_t Image::read(std::uint32_t address, std::span<std::uint16_t> into) const {
    std::fill(into.begin(), into.end(), std::uint16_t{0});
    std::size_t defined = 0;
    const auto end = address + into.size();
    const auto first = index_of(address);
    for (auto i = first == stretches_.size() ? 0 : first; i < stretches_.size(); ++i) {
        const auto& [begin, words] = stretches_[i];
        if (begin >= end) break;
        const auto from = std::max<std::size_t>(address, begin);
        const auto until = std::min<std::size_t>(end, begin + words.size());
        for (auto at = from; at < until; ++at) into[at - address] = words[at - begin];
        if (until > from) defined += until - from;
    }
    return defined;
}

void Image::write(std::uint32_t address, std::span<const std::uint16_t> words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (auto* word = at(address + static_cast<std::uint32_t>(i))) *word = words[i];
    }
}

}  // namespace firebreak
