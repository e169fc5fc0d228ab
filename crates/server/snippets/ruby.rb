# Gets a token, pushes a credential and reads its status:
#   TENURE_URL=.. CLIENT_ID=.. CLIENT_SECRET=.. ruby ruby.rb
# Verifies webhooks, each on a line of timestamp, signature and body:
#   WEBHOOK_SECRET=.. ruby ruby.rb webhooks
# Requires Ruby 3 or later. It uses only the standard library.
require "erb"
require "json"
require "net/http"
require "openssl"
require "securerandom"
require "set"

def call(request)
  uri = request.uri
  answer = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https") { |http| http.request(request) }
  # The error response lists every problem of the request.
  raise "#{answer.code} #{answer.body}" unless answer.is_a?(Net::HTTPSuccess)
  [answer.code, JSON.parse(answer.body)]
end

def address(path) = URI(ENV.fetch("TENURE_URL") + path)

def get_token
  request = Net::HTTP::Post.new(address("/api/partner/v1/oauth/token"))
  request.set_form_data(
    "grant_type" => "client_credentials",
    "client_id" => ENV.fetch("CLIENT_ID"),
    "client_secret" => ENV.fetch("CLIENT_SECRET"),
  )
  call(request).last["access_token"] # Valid for an hour; reuse it.
end

def push(token, credential)
  headers = { "Authorization" => "Bearer #{token}", "Content-Type" => "application/json" }
  request = Net::HTTP::Post.new(address("/api/partner/v2/add/requests/career_history"), headers)
  request.body = JSON.generate(credential)
  call(request)
end

def get_status(token, id)
  path = "/api/partner/v2/submissions/#{ERB::Util.url_encode(id)}/status"
  call(Net::HTTP::Get.new(address(path), { "Authorization" => "Bearer #{token}" })).last["status"]
end

SEEN = Set.new # Ids of handled events. Store them in your database.

# Returns accepted, repeated or refused. `body` is the raw body, as received.
def check_webhook(timestamp, signature, body, secret)
  expected = OpenSSL::HMAC.hexdigest("SHA256", secret, "#{timestamp}.#{body}")
  fresh = timestamp.match?(/\A\d{1,12}\z/) && (Time.now.to_i - timestamp.to_i).abs <= 900
  return "refused" unless fresh && OpenSSL.secure_compare(expected, signature)
  SEEN.add?(JSON.parse(body)["event_id"]) ? "accepted" : "repeated"
end

if ARGV == ["webhooks"]
  $stdin.each_line(chomp: true) do |line|
    timestamp, signature, body = line.split(" ", 3)
    puts check_webhook(timestamp, signature, body, ENV.fetch("WEBHOOK_SECRET"))
  end
  exit
end

token = get_token
id = "payroll-#{SecureRandom.uuid}" # Your id. A repeated push returns the same link.
job = { organisation: "Company A", role_title: "Engineer", start_date: "2021-03", last_processed_month: "2024-05" }
status, pushed = push(token, { credential_id: id, fields: { full_name: "Ada Example", employment: [job] } })
puts "#{status} #{pushed["redirect_uri"]}"
puts get_status(token, id)
