// Decodes lines "topic hexadecimal QoS retained" of stdin with npm's sparkplug-payload: one line of
// JSON each.
// With the argument "rebirth" writes the payload of a rebirth command to stdout instead.
//   sparkplug_decode.js FOLDER_WITH_NODE_MODULES [rebirth]
const { createRequire } = require('module');
const spb = createRequire(process.argv[2] + '/')('sparkplug-payload').get('spBv1.0');

if (process.argv[3] === 'rebirth') {
  process.stdout.write(Buffer.from(spb.encodePayload({
    timestamp: Date.now(),
    metrics: [{ name: 'Node Control/Rebirth', type: 'Boolean', value: true }],
  })));
} else {
  const plain = (key, value) =>
    (value && typeof value === 'object' && 'low' in value && 'high' in value)
      ? value.high * 2 ** 32 + (value.low >>> 0) : value;
  require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const [topic, hex, qos, retained] = line.split(' ');
    if (topic.includes('NCMD')) return;
    const payload = spb.decodePayload(Buffer.from(hex, 'hex'));
    console.log(JSON.stringify({ topic, qos: +qos, retained: +retained, payload }, plain));
  });
}
