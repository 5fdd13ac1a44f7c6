# The gem akismet as it comes: https, the key before rest.akismet.com.
require "akismet"

scenario = JSON.parse(ENV.fetch("SCENARIO"))
comment = scenario["comment"]
client = ->(key) { Akismet::Client.new(key, scenario["blog"]) }
check = lambda do |text|
  client.(scenario["key"]).check(comment["ip"], comment["agent"], text: text, author: comment["author"], post_url: comment["permalink"])
end
puts JSON.generate(
  verified: client.(scenario["key"]).verify_key, wrong_key: client.("f" * 12).verify_key,
  good: check.(comment["content"]), bad: check.(comment["spam"])
)
