// npm http_ece, by an author of RFC 8291: opens the message for a browser that it is given.
const crypto = require("node:crypto");
const ece = require("http_ece");

const { message, key, auth } = JSON.parse(process.env.SEALED);
const browser = crypto.createECDH("prime256v1");
browser.setPrivateKey(Buffer.from(key, "base64url"));
const opened = ece.decrypt(Buffer.from(message, "base64url"), { version: "aes128gcm", privateKey: browser, authSecret: auth });
console.log(JSON.stringify(opened.toString()));
