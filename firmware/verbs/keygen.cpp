#include "contract/trust_file.hpp"
#include "firmware/verbs/verbs.hpp"

namespace firebreak {

void add_keygen(Program& program) {
    const auto files = std::make_shared<std::vector<std::string>>();
    program
        .verb("keygen", "Make a secret key that signs messages, print its public half",
              [files] { return keygen(files->front()); })
        .words("FILE", "a new file, readable by its owner only", *files, 1, 1);
}

}  // namespace firebreak
