// Gets a token, pushes a credential and reads its status:
//   TENURE_URL=.. CLIENT_ID=.. CLIENT_SECRET=.. dotnet run csharp.cs
// Verifies webhooks, each on a line of timestamp, signature and body:
//   WEBHOOK_SECRET=.. dotnet run csharp.cs webhooks
// .NET 10 or later runs this file directly. In earlier versions, use it as a project's Program.cs.
// It has no other dependencies.
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

string Setting(string name) =>
    Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set");

var seen = new HashSet<string>(); // Ids of handled events. Store them in your database.

if (args is ["webhooks"])
{
    var secret = Setting("WEBHOOK_SECRET");
    while (Console.ReadLine() is { } line)
    {
        var parts = line.Split(' ', 3);
        Console.WriteLine(CheckWebhook(parts[0], parts[1], Encoding.UTF8.GetBytes(parts[2]), secret));
    }
    return;
}

using var client = new HttpClient { BaseAddress = new Uri(Setting("TENURE_URL")) };
client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await GetToken());

// A unique id of your choice. Repeating a push with the same id returns the same link.
var id = $"payroll-{Guid.NewGuid()}";
var (code, pushed) = await Push(new JsonObject
{
    ["credential_id"] = id,
    ["fields"] = new JsonObject
    {
        ["full_name"] = "Ada Example",
        ["employment"] = new JsonArray(new JsonObject
        {
            ["organisation"] = "Company A",
            ["role_title"] = "Engineer",
            ["start_date"] = "2021-03",
            ["last_processed_month"] = "2024-05",
        }),
    },
});
Console.WriteLine($"{code} {pushed["redirect_uri"]}");
Console.WriteLine(await GetStatus(id));

async Task<string> GetToken()
{
    var form = new FormUrlEncodedContent(new Dictionary<string, string>
    {
        ["grant_type"] = "client_credentials",
        ["client_id"] = Setting("CLIENT_ID"),
        ["client_secret"] = Setting("CLIENT_SECRET"),
    });
    var (_, body) = await Read(await client.PostAsync("/api/partner/v1/oauth/token", form));
    return (string)body["access_token"]!; // Valid for an hour; reuse it.
}

async Task<(int, JsonNode)> Push(JsonObject credential)
{
    var content = new StringContent(credential.ToJsonString(), Encoding.UTF8, "application/json");
    return await Read(await client.PostAsync("/api/partner/v2/add/requests/career_history", content));
}

async Task<string> GetStatus(string credentialId)
{
    var path = $"/api/partner/v2/submissions/{Uri.EscapeDataString(credentialId)}/status";
    var (_, body) = await Read(await client.GetAsync(path));
    return (string)body["status"]!;
}

async Task<(int, JsonNode)> Read(HttpResponseMessage answer)
{
    var text = await answer.Content.ReadAsStringAsync();
    // The error response lists every problem of the request.
    if (!answer.IsSuccessStatusCode) throw new HttpRequestException($"{(int)answer.StatusCode} {text}");
    return ((int)answer.StatusCode, JsonNode.Parse(text)!);
}

// Returns accepted, repeated or refused. `body` is the raw body, as received.
string CheckWebhook(string timestamp, string signature, byte[] body, string secret)
{
    byte[] signed = [.. Encoding.UTF8.GetBytes(timestamp + "."), .. body];
    var expected = Convert.ToHexString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed)).ToLowerInvariant();
    var isFresh = timestamp.Length is > 0 and <= 12 && timestamp.All(char.IsAsciiDigit)
        && Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(timestamp)) <= 900;
    var isOurs = CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(signature));
    if (!isFresh || !isOurs) return "refused";
    var eventId = (string)JsonNode.Parse(body)!["event_id"]!;
    return seen.Add(eventId) ? "accepted" : "repeated";
}
