// A UPS on battery: charge, voltage, runtime, and how long an overload may last. Value type.
// A share of full load in, 1 is 100 %; seconds, volts. Capacity falls with load after Peukert.
#pragma once

namespace firebreak {

struct UpsType {
    double runtime = 600;                          ///< s at full load from full
    double peukert = 1.15;                         ///< lead-acid 1.1 to 1.25; 1.05 is lithium-ion
    double volts_full = 13.0, volts_empty = 10.5;  ///< a 12 V block under load
    double recharge = 36'000;                      ///< s from empty to full
};

class UpsBattery {
public:
    explicit UpsBattery(const UpsType& type) : type_(type) {}

    void step(double seconds, double load, bool on_battery);

    [[nodiscard]] double charge() const { return charge_; }  ///< 0 to 1
    [[nodiscard]] double runtime_left(double load) const;
    [[nodiscard]] double volts(double load) const;
    /// The inverter has cut: battery empty, or an overload that lasted too long.
    [[nodiscard]] bool down() const { return down_; }

private:
    UpsType type_;
    double charge_ = 1;
    double strain_ = 0;  ///< of the overload's allowance, 1 is spent
    bool down_ = false;
};

/// Seconds that this load may last from cold, by the usual curve of double-converting UPSs (105 %
/// for ever, 125 % 10 min, 150 % 1 min, over 200 % at once); straight between in the logarithm.
[[nodiscard]] double overload_allowance(double load);

}  // namespace firebreak
