#include "sim/picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "contract/support/svg.hpp"

namespace firebreak {

namespace {

constexpr double width = 1200;
constexpr double left = 130;
constexpr double right = 1160;
constexpr double axis_y = 262;
constexpr double rows_y = 330;
constexpr double row_height = 84;
constexpr double chart_height = 54;
constexpr double label_room = 260;

constexpr auto blue = "#0072b2";
constexpr auto orange = "#d55e00";
constexpr auto grey = "#777777";

/// Failed requests in each minute of the story, the first being `begins`.
std::vector<double> failed_by_minute(const Traffic& traffic, const std::string& service,
                                     double begins, double ends) {
    std::vector<double> failed(static_cast<std::size_t>(std::ceil(ends - begins)), 0);
    const auto found = traffic.find(service);
    if (found == traffic.end()) return failed;
    for (const auto& request : found->second) {
        const auto slot = std::floor(request.minute - begins);
        if (request.ok || slot < 0 || slot >= static_cast<double>(failed.size())) continue;
        failed[static_cast<std::size_t>(slot)] += 1;
    }
    return failed;
}

class Picture {
public:
    explicit Picture(const Report& report)
        : report_(report),
          begins_(seconds(report.scenario.begins) / 60),
          ends_(seconds(report.scenario.ends) / 60),
          bottom_(rows_y + row_height * static_cast<double>(report.services.size())),
          svg_(width, bottom_ + 60) {}

    std::string draw() && {
        heading();
        events();
        axis();
        for (std::size_t i = 0; i < report_.services.size(); ++i) {
            service(i, rows_y + row_height * static_cast<double>(i));
        }
        legend();
        return std::move(svg_).finish();
    }

private:
    [[nodiscard]] double x(double minute) const {
        return left + (minute - begins_) / (ends_ - begins_) * (right - left);
    }

    void heading() {
        svg_.text(40, 42, report_.scenario.title, "font-size=\"24\" font-weight=\"bold\"");
        const auto drained = report_.last_drain();
        const auto cut = report_.room.power_cut;
        std::string words = "not every service was drained";
        if (drained && cut) {
            words = fmt::format(
                "Firebreak had drained every service {:.0f} minutes before the building was cut, "
                "and shed {:.0f} kW.",
                *cut - *drained, report_.room.kw_shed);
        }
        svg_.text(40, 66, words, "font-size=\"15\"");
    }

    // Labels hang at different heights so that the crowded first minutes stay readable; those
    // near the right edge point to the left, each a step lower than the one before.
    void events() {
        std::size_t level = 0;
        double free_from = -1e9;
        for (const auto& event : report_.scenario.events) {
            const double minute = seconds(event.at) / 60;
            const bool flip = x(minute) > right - label_room;
            level = x(minute) < free_from ? level + 1 : 0;
            const double y = 110 + 26 * static_cast<double>(level % 5);
            svg_.line(
                x(minute), y + 4, x(minute), bottom_,
                fmt::format("stroke=\"{}\" stroke-width=\"1\" stroke-dasharray=\"2 4\"", grey));
            const auto fill = event.on_record ? grey : "#ffffff";
            svg_.circle(x(minute), y, 5,
                        fmt::format("fill=\"{}\" stroke=\"{}\" stroke-width=\"1.5\"", fill, grey));
            svg_.text(x(minute) + (flip ? -11 : 11), y + 4,
                      fmt::format("+{:.0f} min  {}", minute, event.say),
                      flip ? "text-anchor=\"end\"" : "");
            free_from = x(minute) + label_room;
        }
    }

    void axis() {
        svg_.line(left, axis_y, right, axis_y, "stroke=\"#222\" stroke-width=\"1.5\"");
        for (double minute = 10 * std::ceil(begins_ / 10) + 0.0; minute <= ends_; minute += 10) {
            svg_.line(x(minute), axis_y, x(minute), axis_y + 6, "stroke=\"#222\"");
            svg_.text(x(minute), axis_y + 21, fmt::format("{:.0f}", minute),
                      "text-anchor=\"middle\"");
        }
        svg_.text(40, axis_y + 21, "minutes", "");
        const auto& actions = report_.actions;
        if (!actions.alarm) return;
        svg_.circle(x(actions.alarm->minute), axis_y, 6, fmt::format("fill=\"{}\"", blue));
        const auto first = report_.first_drain();
        const auto last = report_.last_drain();
        if (!first || !last) return;
        svg_.text(
            x(actions.alarm->minute) + 12, axis_y - 10,
            fmt::format("Firebreak: first sign {:+.1f}, alarm {:+.1f}, drained {:+.1f} to {:+.1f}",
                        actions.first_sign->minute, actions.alarm->minute, *first, *last),
            fmt::format("fill=\"{}\" font-weight=\"bold\"", blue));
    }

    void service(std::size_t index, double y) {
        const auto& name = report_.services[index];
        const double base = y + chart_height + 14;
        const auto drained = report_.actions.drained.find(name);
        if (drained != report_.actions.drained.end()) {
            svg_.rect(x(drained->second), y + 14, right - x(drained->second), chart_height,
                      "fill=\"#e3f0f8\"");
            svg_.text(right - 6, y + 10, "drained here, served elsewhere",
                      fmt::format("fill=\"{}\" font-size=\"11\" text-anchor=\"end\"", blue));
        }
        const auto without = failed_by_minute(report_.without, name, begins_, ends_);
        const auto with = failed_by_minute(report_.with, name, begins_, ends_);
        const double most = std::max({1.0, *std::max_element(without.begin(), without.end()),
                                      *std::max_element(with.begin(), with.end())});
        bars(without, base, chart_height / most, 0.0, 0.5, orange);
        bars(with, base, chart_height / most, 0.5, 0.5, blue);
        svg_.line(left, base, right, base, "stroke=\"#222\" stroke-width=\"1\"");
        svg_.text(40, base - 26, fmt::format("{}  {}", index + 1, name),
                  "font-size=\"15\" font-weight=\"bold\"");
        const auto lost = report_.failures(report_.without, name);
        const auto kept = report_.failures(report_.with, name);
        svg_.text(40, base - 8, fmt::format("{} / {}", kept.failed, lost.failed), "");
    }

    void bars(const std::vector<double>& counts, double base, double scale, double shift,
              double share, const char* colour) {
        const double slot = (right - left) / (ends_ - begins_);
        for (std::size_t i = 0; i < counts.size(); ++i) {
            if (counts[i] == 0) continue;
            const double height = std::max(1.0, counts[i] * scale);
            svg_.rect(left + slot * (static_cast<double>(i) + shift), base - height, slot * share,
                      height, fmt::format("fill=\"{}\"", colour));
        }
    }

    void legend() {
        const double y = bottom_ + 32;
        svg_.rect(left, y - 10, 12, 12, fmt::format("fill=\"{}\"", orange));
        svg_.text(left + 18, y, "failed requests a minute without Firebreak");
        svg_.rect(left + 310, y - 10, 12, 12, fmt::format("fill=\"{}\"", blue));
        svg_.text(left + 328, y, "with Firebreak");
        svg_.circle(left + 466, y - 4, 5, fmt::format("fill=\"{}\"", grey));
        svg_.text(left + 478, y, "on record");
        svg_.circle(left + 566, y - 4, 5,
                    fmt::format("fill=\"#ffffff\" stroke=\"{}\" stroke-width=\"1.5\"", grey));
        svg_.text(left + 578, y, "assumed for the replay");
        svg_.text(left + 750, y, "beside each service: failed with / without");
    }

    const Report& report_;
    double begins_;
    double ends_;
    double bottom_;
    Svg svg_;
};

}  // namespace

std::string draw(const Report& report) {
    return Picture(report).draw();
}

}  // namespace firebreak
