// A folder of its own for one test; removed with all that is in it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace firebreak {

class TempDir {
public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// Writes a file below the folder; returns its path.
    std::string write(const std::string& name, std::string_view text) const;

private:
    std::filesystem::path path_;
};

}  // namespace firebreak
