package kirim

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// DefaultBaseURL is where requests go unless [WithBaseURL] or, for
// [NewClientFromEnv], KIRIM_BASE_URL says otherwise.
const DefaultBaseURL = "https://api.kirimdev.com/v1"

// parseBaseURL accepts an absolute http or https URL that can carry a path
// below it.
func parseBaseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		// The text of url.Error quotes the URL, which may hold a password.
		return nil, errors.New("not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("not an absolute http or https URL")
	case u.Hostname() == "":
		return nil, errors.New("no host")
	case u.User != nil:
		return nil, errors.New("a user name or password in the URL is not used; the API key is the credential")
	case u.RawQuery != "" || u.ForceQuery:
		return nil, errors.New("a query in the base URL would be lost")
	case u.Fragment != "":
		return nil, errors.New("a fragment in the base URL would be lost")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// isLoopback holds for no host that a proxy from the environment would be
// asked for: to [http.ProxyFromEnvironment] names below localhost, and
// spellings such as "Localhost" or "localhost.", are hosts like any other.
func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// resolve joins a path to the base URL, segment by segment, so that no
// segment can lead to another path than the one meant.
func resolve(base *url.URL, path string) (url.URL, error) {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		return url.URL{}, refuse("path", "no ? or #, as parameters belong into the query argument", fmt.Sprintf("%q at byte %d", path[i], i))
	}
	path = strings.TrimPrefix(path, "/")
	simple := base.RawPath == "" && !strings.ContainsFunc(path, notPlain)
	var plain, escaped strings.Builder
	for segment := range strings.SplitSeq(path, "/") {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return url.URL{}, refuse("path", "whole %-escapes", "a broken one")
		}
		if fault := refuseSegment(decoded); fault != nil {
			fault.Path = nameOfFaulty(path)
			return url.URL{}, &ValidationError{Violations: []Violation{*fault}}
		}
		if !simple {
			plain.WriteString("/" + decoded)
			escaped.WriteString("/" + url.PathEscape(decoded))
		}
	}
	u := *base
	if simple {
		u.Path += "/" + path
	} else {
		u.Path, u.RawPath = u.Path+plain.String(), u.EscapedPath()+escaped.String()
	}
	return u, nil
}

// notPlain holds for what does not stand for itself in a path.
func notPlain(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9', 'A' <= r && r <= 'Z':
		return false
	}
	return !strings.ContainsRune("/-_~.", r)
}

// refuseSegment says what is wrong with a decoded path segment. An encoded
// slash is fine by itself, but proxies decode and then clean paths, so dots
// between encoded slashes are refused as well.
func refuseSegment(segment string) *Violation {
	switch {
	case segment == "":
		return &Violation{Limit: bounds{1, 0, "character"}.String(), Actual: "none"}
	case !strings.Contains(segment, "."):
		return nil
	}
	for part := range strings.FieldsFuncSeq(segment, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == "." || part == ".." {
			return &Violation{Limit: `no "." or ".." between slashes`, Actual: strconv.Quote(part)}
		}
	}
	return nil
}

// idAfter names the id that follows a segment of Kirim's paths.
var idAfter = map[string]string{
	"contacts": "contact_id", "conversations": "conversation_id", "customers": "customer_id", "labels": "label_id",
	"messages": "message_id", "secrets": "secret_id", "setup_links": "setup_link_id", "templates": "template_name",
	"webhook_deliveries": "webhook_delivery_id", "webhook_subscriptions": "webhook_subscription_id",
}

// nameOfFaulty names the first segment that is refused: by the id that Kirim's
// paths have there, or as a part of the path.
func nameOfFaulty(path string) string {
	segments := strings.Split(path, "/")
	i := slices.IndexFunc(segments, func(segment string) bool {
		decoded, _ := url.PathUnescape(segment)
		return refuseSegment(decoded) != nil
	})
	switch {
	case i > 0 && idAfter[segments[i-1]] != "":
		return idAfter[segments[i-1]]
	case i == 0 && len(segments) > 1 && idAfter[segments[1]] != "":
		return "phone_number_id"
	}
	return fmt.Sprintf("path segment %d", i+1)
}

// versioned reports whether a path has a version in it, as Kirim's /v1.
var versioned = regexp.MustCompile(`/v[0-9]+(/|$)`).MatchString

// pathOf builds a path from segments that may hold anything.
func pathOf(segments ...string) string {
	var b strings.Builder
	b.Grow(64) // most are shorter, so that there is one allocation instead of two
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}
