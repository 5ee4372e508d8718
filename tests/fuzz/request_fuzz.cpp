// What comes in at the operators' socket, and what a host answers there: no bytes may crash the
// parsers, and a request that is taken says the same when it is said once more.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "host/operator/wire.hpp"

namespace firebreak {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void as_request(const std::string& line) {
    const auto request = parse_request(line);
    if (!request) return require(request.error().fault == Fault::wire);
    const auto& ask = request->ask;
    require(ask.target.size() <= 64 && ask.why.size() <= 512);
    require(ask.length >= Duration::zero() && ask.by.empty() && ask.ticket == 0);
    const auto said = to_line(*request);
    require(said.ends_with('\n') && said.find('\n') == said.size() - 1);
    const auto again = parse_request(said);
    require(again && to_line(*again) == said && again->json == request->json);
    require(again->ask.verb == ask.verb && again->ask.length == ask.length);
}

void as_answer(const std::string& line) {
    const auto told = parse_told(line);
    if (!told) return require(told.error().fault == Fault::wire);
    HostAnswer answer;
    answer.done = told->done;
    answer.said = told->said;
    const auto again = parse_told(to_line(answer, true));
    require(again && again->done == told->done && again->said == told->said);
}

}  // namespace
}  // namespace firebreak

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string line(data, data + size);
    firebreak::as_request(line);
    firebreak::as_answer(line);
    return 0;
}
