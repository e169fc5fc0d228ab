<?php
// Gets a token, pushes a credential and reads its status:
//   TENURE_URL=.. CLIENT_ID=.. CLIENT_SECRET=.. php php.php
// Verifies webhooks, each on a line of timestamp, signature and body:
//   WEBHOOK_SECRET=.. php php.php webhooks
// Requires PHP 8 or later, and its openssl extension for https. It has no other dependencies.
declare(strict_types=1);

/** @return array{int, array} */
function call(string $method, string $path, array $headers = [], string $body = ''): array
{
    $http = ['method' => $method, 'header' => $headers, 'content' => $body, 'ignore_errors' => true];
    $text = file_get_contents(getenv('TENURE_URL') . $path, false, stream_context_create(['http' => $http]));
    if ($text === false) {
        throw new RuntimeException('The server cannot be reached.');
    }
    $status = (int) explode(' ', $http_response_header[0])[1];
    if ($status >= 300) {
        throw new RuntimeException("$status $text"); // Lists every problem of the request.
    }
    return [$status, json_decode($text, true, flags: JSON_THROW_ON_ERROR)];
}

function get_token(): string
{
    $form = http_build_query([
        'grant_type' => 'client_credentials',
        'client_id' => getenv('CLIENT_ID'),
        'client_secret' => getenv('CLIENT_SECRET'),
    ]);
    $headers = ['Content-Type: application/x-www-form-urlencoded'];
    [, $body] = call('POST', '/api/partner/v1/oauth/token', $headers, $form);
    return $body['access_token']; // Valid for an hour; reuse it.
}

function push(string $token, array $credential): array
{
    $headers = ["Authorization: Bearer $token", 'Content-Type: application/json'];
    $body = json_encode($credential, JSON_THROW_ON_ERROR);
    return call('POST', '/api/partner/v2/add/requests/career_history', $headers, $body);
}

function get_status(string $token, string $id): string
{
    $path = '/api/partner/v2/submissions/' . rawurlencode($id) . '/status';
    [, $body] = call('GET', $path, ["Authorization: Bearer $token"]);
    return $body['status'];
}

/** Returns accepted, repeated or refused. $body is the raw body, as received. */
function check_webhook(string $timestamp, string $signature, string $body, string $secret): string
{
    static $seen = []; // Ids of handled events. Store them in your database.
    $expected = hash_hmac('sha256', "$timestamp.$body", $secret);
    $is_fresh = preg_match('/^[0-9]{1,12}$/D', $timestamp) === 1 && abs(time() - (int) $timestamp) <= 900;
    if (!$is_fresh || !hash_equals($expected, $signature)) {
        return 'refused';
    }
    $id = json_decode($body, true, flags: JSON_THROW_ON_ERROR)['event_id'];
    if (isset($seen[$id])) {
        return 'repeated';
    }
    $seen[$id] = true;
    return 'accepted';
}

if (($argv[1] ?? '') === 'webhooks') {
    while (($line = fgets(STDIN)) !== false) {
        [$timestamp, $signature, $body] = explode(' ', rtrim($line, "\n"), 3);
        echo check_webhook($timestamp, $signature, $body, getenv('WEBHOOK_SECRET')), "\n";
    }
    exit;
}

$token = get_token();
$id = 'payroll-' . bin2hex(random_bytes(16)); // Your id. A repeated push returns the same link.
[$status, $pushed] = push($token, [
    'credential_id' => $id,
    'fields' => [
        'full_name' => 'Ada Example',
        'employment' => [[
            'organisation' => 'Company A',
            'role_title' => 'Engineer',
            'start_date' => '2021-03',
            'last_processed_month' => '2024-05',
        ]],
    ],
]);
echo "$status {$pushed['redirect_uri']}\n";
echo get_status($token, $id), "\n";
