// Leads the names that clients have built in to the front's ports, as /etc/hosts and the ports 443 and 80 would.
// Loaded before a client; the clients themselves are as they were published.
const net = require("node:net");

const led = JSON.parse(process.env.LED);
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const [first] = Array.isArray(given[0]) ? given[0] : given;
  const options = typeof first === "object" ? first : null;
  if (options && led.names.includes(options.host)) Object.assign(options, { host: "127.0.0.1", port: led.ports[options.port] });
  return connect.apply(this, given);
};
