#include "host/hostlist.hpp"

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

std::string expanded(const std::string& text, std::size_t most = 512) {
    const auto names = expand_hostlist(text, most);
    if (!names) return "error: " + names.error().what;
    std::string out;
    for (const auto& name : *names) out += (out.empty() ? "" : " ") + name;
    return out;
}

}  // namespace

TEST_CASE("hostlist: names, ranges and several brackets become all the names", "[host][hostlist]") {
    CHECK(expanded("login1") == "login1");
    CHECK(expanded("a,b") == "a b");
    CHECK(expanded("n[1-3,7]") == "n1 n2 n3 n7");
    CHECK(expanded("n[098-101]") == "n098 n099 n100 n101");
    CHECK(expanded("r[1-2]-n[08-09]x,login1") == "r1-n08x r1-n09x r2-n08x r2-n09x login1");
}

TEST_CASE("hostlist: what is no list is an error that says why", "[host][hostlist]") {
    for (const char* text : {"", "a,,b", "n[1-3", "n1-3]", "n[]", "n[3-1]", "n[a-b]", "n[1-]",
                             "n[99999999999999999999]"}) {
        INFO(text);
        CHECK(expanded(text).starts_with("error: "));
    }
}

TEST_CASE("hostlist: more names than a target may have are refused before they are made",
          "[host][hostlist]") {
    CHECK(expanded("n[1-4]", 4) == "n1 n2 n3 n4");
    CHECK(expanded("n[1-5]", 4).starts_with("error: more than 4"));
    CHECK(expanded("n[1-100000000000000000]", 512).starts_with("error: more than 512"));
    CHECK(expanded("a[1-300]b[1-300]", 512).starts_with("error: more than 512"));
    CHECK(expanded("a[1-300],b[1-300]", 512).starts_with("error: more than 512"));
}

TEST_CASE("hostlist: what is folded expands to the same names in the same order",
          "[host][hostlist]") {
    const auto folded = [](const std::vector<std::string>& names) {
        const auto texts = fold_hostlist(names, 1000);
        return texts.empty() ? "" : texts.front();
    };
    CHECK(folded({}).empty());
    CHECK(folded({"s1", "s2", "s3", "db", "s5"}) == "s[1-3],db,s5");
    CHECK(folded({"n08", "n09", "n10", "n011", "n012"}) == "n[08-10],n[011-012]");
    CHECK(folded({"n9", "n10", "n99", "n100"}) == "n[9-10],n[99-100]");
    CHECK(folded({"a2", "a1", "a1", "7", "8"}) == "a2,a1,a1,[7-8]");
    CHECK(folded({"x999999999999999999", "x1000000000000000000"}) ==
          "x999999999999999999,x1000000000000000000");
    for (const char* text : {"s[1-3],db,s5", "n[08-10],n[011-012]", "a2,a1,a1,[7-8]"}) {
        CHECK(folded(*expand_hostlist(text, 100)) == text);
    }
}

TEST_CASE("hostlist: what would be too long a text becomes several", "[host][hostlist]") {
    const std::vector<std::string> names{"alpha", "beta", "gamma", "s1", "s2"};
    CHECK(fold_hostlist(names, 10) == std::vector<std::string>{"alpha,beta", "gamma", "s[1-2]"});
    CHECK(fold_hostlist(names, 1).size() == 4);
}
