// Gets a token, pushes a credential and reads its status:
//   TENURE_URL=.. CLIENT_ID=.. CLIENT_SECRET=.. java java.java
// Verifies webhooks, each on a line of timestamp, signature and body:
//   WEBHOOK_SECRET=.. java java.java webhooks
// Requires Java 17 or later. It has no other dependencies; with a JSON library, replace member().
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Scanner;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Tenure {
    static final String URL = System.getenv("TENURE_URL");
    static final HttpClient CLIENT = HttpClient.newHttpClient();

    static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        HttpResponse<String> answer = CLIENT.send(request.build(), BodyHandlers.ofString());
        if (answer.statusCode() >= 300) {
            throw new IllegalStateException(answer.statusCode() + " " + answer.body()); // Lists every problem.
        }
        return answer;
    }

    static HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(URL + path));
    }

    static String token() throws Exception {
        String form = "grant_type=client_credentials&client_id=" + URLEncoder.encode(System.getenv("CLIENT_ID"), UTF_8)
            + "&client_secret=" + URLEncoder.encode(System.getenv("CLIENT_SECRET"), UTF_8);
        return member(send(request("/api/partner/v1/oauth/token")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString(form))).body(), "access_token"); // Valid for an hour; reuse it.
    }

    static HttpResponse<String> push(String token, String credential) throws Exception {
        return send(request("/api/partner/v2/add/requests/career_history")
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(credential)));
    }

    static String status(String token, String id) throws Exception {
        String path = "/api/partner/v2/submissions/" + URLEncoder.encode(id, UTF_8) + "/status";
        return member(send(request(path).header("Authorization", "Bearer " + token)).body(), "status");
    }

    static String member(String json, String name) {
        var found = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"]*)\"").matcher(json);
        if (!found.find()) throw new IllegalStateException("no " + name + " in " + json);
        return found.group(1);
    }

    static final Set<String> SEEN = new HashSet<>(); // Ids of handled events. Store them in your database.

    /** Returns accepted, repeated or refused. {@code body} is the raw body, as received. */
    static String checkWebhook(String timestamp, String signature, byte[] body, String secret)
            throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
        mac.update((timestamp + ".").getBytes(UTF_8));
        String expected = HexFormat.of().formatHex(mac.doFinal(body));
        boolean isFresh = timestamp.matches("[0-9]{1,12}")
            && Math.abs(Instant.now().getEpochSecond() - Long.parseLong(timestamp)) <= 900;
        if (!isFresh || !MessageDigest.isEqual(expected.getBytes(UTF_8), signature.getBytes(UTF_8))) {
            return "refused";
        }
        return SEEN.add(member(new String(body, UTF_8), "event_id")) ? "accepted" : "repeated";
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 1 && arguments[0].equals("webhooks")) {
            Scanner lines = new Scanner(System.in, UTF_8);
            while (lines.hasNextLine()) {
                String[] parts = lines.nextLine().split(" ", 3);
                byte[] body = parts[2].getBytes(UTF_8);
                System.out.println(checkWebhook(parts[0], parts[1], body, System.getenv("WEBHOOK_SECRET")));
            }
            return;
        }
        String token = token();
        String id = "payroll-" + UUID.randomUUID(); // Your id. A repeated push returns the same link.
        HttpResponse<String> pushed = push(token, """
            {
              "credential_id": "%s",
              "fields": {
                "full_name": "Ada Example",
                "employment": [{
                  "organisation": "Company A",
                  "role_title": "Engineer",
                  "start_date": "2021-03",
                  "last_processed_month": "2024-05"
                }]
              }
            }""".formatted(id));
        System.out.println(pushed.statusCode() + " " + member(pushed.body(), "redirect_uri"));
        System.out.println(status(token, id));
    }
}
