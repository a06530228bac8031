package kirim

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

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
func (c *core) resolve(path string) (url.URL, error) {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		return url.URL{}, fmt.Errorf("kirim: path has an unescaped %q at byte %d; parameters belong into the query argument", path[i], i)
	}
	path = strings.TrimPrefix(path, "/")
	simple := c.base.RawPath == "" && !strings.ContainsFunc(path, notPlain)
	var plain, escaped strings.Builder
	n := 0
	for segment := range strings.SplitSeq(path, "/") {
		n++
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return url.URL{}, fmt.Errorf("kirim: path segment %d has a broken %%-escape", n)
		}
		if problem := refuseSegment(decoded); problem != "" {
			return url.URL{}, fmt.Errorf("kirim: path segment %d %s; nothing was sent", n, problem)
		}
		if !simple {
			plain.WriteString("/" + decoded)
			escaped.WriteString("/" + url.PathEscape(decoded))
		}
	}
	u := *c.base
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
func refuseSegment(segment string) string {
	switch {
	case segment == "":
		return "is empty"
	case !strings.Contains(segment, "."):
		return ""
	}
	for part := range strings.FieldsFuncSeq(segment, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == "." || part == ".." {
			return fmt.Sprintf("is or contains %q", part)
		}
	}
	return ""
}

// pathOf builds a path from segments that may hold anything.
func pathOf(segments ...string) string {
	var b strings.Builder
	b.Grow(64) // most are shorter
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// routeOf is the path with everything that looks like an id replaced, for
// texts and logs: "/106540352242922/messages" is "/{id}/messages".
func routeOf(path string) string {
	var b strings.Builder
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		b.WriteByte('/')
		isWord := len(segment) <= 40 && strings.Trim(segment, "abcdefghijklmnopqrstuvwxyz_-") == ""
		if isWord {
			b.WriteString(segment)
		} else {
			b.WriteString("{id}")
		}
	}
	return b.String()
}
