// Names under akismet.test lead to this machine, as an operator's name server would have them lead to the service.
// Loaded before a client; the clients themselves are as they were published.
const dns = require("node:dns");

const lookup = dns.lookup;
dns.lookup = (name, ...rest) => lookup(/(^|\.)akismet\.test$/.test(name) ? "127.0.0.1" : name, ...rest);
