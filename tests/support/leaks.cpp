// paho C 1.3.12 forgets the payloads of messages still queued when a client is destroyed
// (MQTTAsync_NULLPublishCommands): a few, once, at the end of a process. Not ours to fail for.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libpaho-mqtt3as\n";
}
