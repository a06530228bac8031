package kirim

import (
	"bytes"
	"errors"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A server, or a proxy that shows what it was sent, may echo the API key: what
// comes from it passes one of the functions below on its way in. It may also
// quote what a customer wrote: no text of an error and no log line has its
// words, but for those that look like a code or an id.

const redactedKey = "[redacted]"

// minSecret is the length from which a key is looked for in responses. Shorter
// ones, which only tests have, also occur in ordinary words.
const minSecret = 8

// holds is bytes.Contains for a text, which it does not copy.
func holds(body []byte, text string) bool {
	for len(body) >= len(text) {
		i := bytes.IndexByte(body[:len(body)-len(text)+1], text[0])
		if i < 0 {
			return false
		}
		if string(body[i:i+len(text)]) == text {
			return true
		}
		body = body[i+1:]
	}
	return false
}

// redacted returns the header without the key.
func redacted(header http.Header, key string) http.Header {
	if len(key) < minSecret {
		return header
	}
	for name, values := range header {
		if indexFold(name, key) >= 0 || slices.ContainsFunc(values, func(value string) bool { return strings.Contains(value, key) }) {
			return rewritten(header, key)
		}
	}
	return header
}

// rewritten is a copy of the header without the key. It may be in a name, where
// net/http has changed the case of its letters.
func rewritten(header http.Header, key string) http.Header {
	clean := make(http.Header, len(header))
	for name, values := range header {
		for i := indexFold(name, key); i >= 0; i = indexFold(name, key) {
			name = name[:i] + redactedKey + name[i+len(key):]
		}
		for _, value := range values {
			clean[name] = append(clean[name], strings.ReplaceAll(value, key, redactedKey))
		}
	}
	return clean
}

// indexFold is where the key is in the name of a header, in letters of either
// case; -1 when it is not.
func indexFold(name, key string) int {
	for i := range len(name) - len(key) + 1 {
		if strings.EqualFold(name[i:i+len(key)], key) {
			return i
		}
	}
	return -1
}

// redactTexts takes the key out of texts.
func redactTexts(key string, texts ...*string) {
	if len(key) < minSecret {
		return
	}
	for _, text := range texts {
		if strings.Contains(*text, key) {
			*text = strings.ReplaceAll(*text, key, redactedKey)
		}
	}
}

// quoted matches what net/http quotes: a header, a status line, the debug data
// of a GOAWAY.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?`)

// withoutServerText returns err such that its text has nothing of the server's:
// net/http quotes what it cannot read, which may be the key or the words of a
// customer.
func withoutServerText(err error, key string) error {
	text := err.Error()
	var protocol textproto.ProtocolError // ends with the header line as it is
	if errors.As(err, &protocol) {
		head, _, _ := strings.Cut(string(protocol), ":")
		text = strings.ReplaceAll(text, string(protocol), head)
	}
	text, _, _ = strings.Cut(text, "\n")
	text = quoted.ReplaceAllStringFunc(text, func(s string) string { return "(" + strconv.Itoa(len(s)) + " bytes)" })
	if len(key) >= minSecret {
		text = strings.ReplaceAll(text, key, redactedKey)
	}
	if text == err.Error() {
		return err
	}
	return &wordlessError{text, err}
}

// wordlessError is an error without the text of it. It matches what the error
// matches, and does not unwrap to it.
type wordlessError struct {
	text string
	err  error
}

func (e *wordlessError) Error() string        { return e.text }
func (e *wordlessError) Is(target error) bool { return errors.Is(e.err, target) }
func (e *wordlessError) As(target any) bool   { return errors.As(e.err, target) }

// printable prepares a word of the server for a one-line text: as it is when
// it looks like a code, an id or a field path, quoted and cut otherwise.
func printable(s string) string {
	const limit = 100
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:[]/#"
	if len(s) <= limit && strings.Trim(s, plain) == "" && !looksLikePhone(s) {
		return s
	}
	return "(" + strconv.Itoa(len(s)) + " bytes)"
}

// looksLikePhone reports a run of seven digits or more and little else.
func looksLikePhone(s string) bool {
	digits := strings.Trim(s, "+-. ()")
	return len(digits) >= 7 && strings.Trim(digits, "0123456789-. ()") == ""
}

// routeWords are the segments of paths that name an operation of an API that this
// module knows. Any other is an id, or a name that a caller or a vendor's user
// chose, such as that of a template.
var routeWords = setOf(
	// Kirim
	"accounts", "bulk_label", "bulk_replay", "contacts", "conversations", "customers", "health", "labels", "me", "media",
	"messages", "openapi.json", "replay", "secrets", "setup_links", "sync", "templates", "webhook_deliveries", "webhook_subscriptions",
	// Meta's Cloud API
	"assets", "block_users", "conversational_automation", "deprecate", "deregister", "flows", "marketing_messages",
	"message_qrdls", "message_template_library", "message_templates", "phone_numbers", "publish", "register", "request_code",
	"settings", "subscribed_apps", "template_analytics", "uploads", "verify_code", "whatsapp_business_encryption", "whatsapp_business_profile",
	// the other gateways
	"chats", "message", "search", "sessions", "tasks", "text", "wa",
)

func setOf(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, word := range words {
		set[word] = true
	}
	return set
}

// routeOf is the path with {id} in place of each segment that is no word of an API,
// for texts, logs and metrics: "/106540352242922/messages" is "/{id}/messages".
func routeOf(path string) string {
	var b strings.Builder
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		b.WriteByte('/')
		if routeWords[segment] {
			b.WriteString(segment)
		} else {
			b.WriteString("{id}")
		}
	}
	return b.String()
}
