# Turns the room's log and the MQTT record into lines for people, as they come.
#   unix_ms,scenario_s,event,what,…      from the simulator
#   unix_s topic payload                 from mosquitto_sub -F '%U %t %p'
function clock(s,   sign) {
  sign = s < 0 ? "-" : "+"; if (s < 0) s = -s
  return sprintf("%s%02d:%02d", sign, int(s / 60), int(s % 60))
}
function field(json, key,   found) {
  if (!match(json, "\"" key "\":\"[^\"]*\"")) return ""
  found = substr(json, RSTART, RLENGTH)
  sub("^\"" key "\":\"", "", found); sub("\"$", "", found)
  return found
}
function say(s, who, what) {
  printf "  %s  %-6s  %s\n", clock(s), who, what; fflush()
}
/^[0-9]+,/ {
  split($0, row, ",")
  if (!t0_ms) t0_ms = row[1] - row[2] * 1000 / speed
  if (row[3] == "event") say(row[2], "room", row[4])
  if (row[3] ~ /^feed_/) say(row[2], "room", "power feed " row[4] (row[3] == "feed_off" ? " is dead" : " is live"))
  if (row[3] ~ /^rack_/ && row[5] == "outlet")
    say(row[2], "room", "rack " row[4] (row[3] == "rack_off" ? " switched off, " : " switched on, ") row[6] " kW")
  next
}
!t0_ms { next }
{ at = ($1 * 1000 - t0_ms) * speed / 1000 }
$2 ~ /\/agent\/.*\/event$/ {
  if (field($0, "to") == "firing") say(at, "agent", "ALARM " field($0, "alarm"))
  next
}
$2 ~ /\/host\/.*\/posture\// {
  target = field($0, "target"); reached = field($0, "reached")
  if (target in seen ? seen[target] != reached : reached != "normal")
    say(at, "host", target " is at " reached)
  seen[target] = reached
}
