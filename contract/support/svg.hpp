// Just enough of SVG 1.1 to draw a chart. Coordinates are pixels from the top left.
// Text is escaped; colours and classes are the caller's.
#pragma once

#include <string>
#include <string_view>

namespace firebreak {

class Svg {
public:
    Svg(double width, double height);

    /// `style` is attributes as they stand in the element: `fill="#0072b2"`.
    void line(double x1, double y1, double x2, double y2, std::string_view style);
    void rect(double x, double y, double width, double height, std::string_view style);
    void circle(double x, double y, double radius, std::string_view style);
    void text(double x, double y, std::string_view words, std::string_view style = "");

    /// The whole document; draw no more afterwards.
    [[nodiscard]] std::string finish() &&;

private:
    std::string body_;
};

}  // namespace firebreak
