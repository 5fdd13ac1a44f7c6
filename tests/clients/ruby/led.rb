# Leads the names that clients have built in to the front's ports, as /etc/hosts and the ports 443 and 80 would.
# Loaded before a client; the clients themselves are as they were published.
require "json"
require "socket"

LED = JSON.parse(ENV.fetch("LED"))

module Led
  %i[open tcp].each do |way| # Ruby's own, and Debian's, which tries every address
    define_method(way) do |host, port, *more, **options, &block|
      host, port = "127.0.0.1", LED["ports"][port.to_s] if LED["names"].include?(host)
      super(host, port, *more, **options, &block)
    end
  end
end
[TCPSocket, Socket].each { |kind| kind.singleton_class.prepend(Led) }
