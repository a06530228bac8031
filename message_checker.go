package kirim

import (
	"bytes"
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checker collects violations. Paths are built before anything is known to be
// wrong; a message has few of them.
type checker struct {
	violations []Violation
	cause      error // of a violation; may be nil
}

// err is a [*ValidationError] with what was found, and nil when nothing was.
func (c *checker) err() error {
	if len(c.violations) == 0 {
		return nil
	}
	return &ValidationError{Violations: c.violations, cause: c.cause}
}

func (c *checker) add(path, limit, actual string) {
	c.violations = append(c.violations, Violation{path, limit, actual})
}

func atIndex(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func (c *checker) count(path string, n int, l bounds) {
	if !l.allows(n) {
		c.add(path, l.String(), quantity(n, l.unit))
	}
}

func (c *checker) text(path, s string, l bounds) {
	if !utf8.ValidString(s) {
		c.add(path, "valid UTF-8", "invalid UTF-8")
		return
	}
	c.count(path, utf8.RuneCountInString(s), l)
}

func (c *checker) https(path, link string) { c.link(path, link, false) }

// link takes https, and plain http where the link goes to Meta as it is.
func (c *checker) link(path, link string, plain bool) {
	u, err := url.Parse(link)
	var actual string
	switch {
	case !utf8.ValidString(link):
		actual = "invalid UTF-8"
	case link == "":
		actual = "empty"
	case strings.ContainsAny(link, notInURL):
		actual = "with a space, a quote or an angle bracket"
	case err != nil:
		actual = "malformed"
	case u.Scheme == "":
		actual = "without a scheme"
	case u.Scheme == "http" && !plain:
		actual = "http"
	case u.Scheme != "https" && u.Scheme != "http":
		actual = "another scheme"
	case u.Hostname() == "":
		actual = "without a host"
	default:
		return
	}
	limit := "an absolute https URL"
	if plain {
		limit = "an absolute http or https URL"
	}
	c.add(path, limit, actual)
}

func (c *checker) source(path, link, id string) {
	if (link == "") == (id == "") {
		c.add(path, "exactly one of link and id", bothOrNeither(link))
	}
}

// bothOrNeither tells which it is of two values that are both empty or both not.
func bothOrNeither(one string) string {
	if one == "" {
		return "neither"
	}
	return "both"
}

// wamid checks the id of a message that another refers to.
func (c *checker) wamid(path, id string) {
	c.text(path, id, limitRequired)
	if strings.HasPrefix(id, "msg_") {
		c.add(path, "the wamid of a message", "a msg_ id")
	}
}

func (c *checker) media(path, link, id, caption string) {
	c.source(path, link, id)
	if link != "" {
		c.https(path+".link", link)
	}
	c.text(path+".id", id, limitNone)
	c.text(path+".caption", caption, limitCaption)
}

// unique reports a key that stood before; seen maps each to its first path. An
// empty key is reported for its length.
func (c *checker) unique(seen map[string]string, path, key string) {
	if first, twice := seen[key]; !twice {
		seen[key] = path
	} else if key != "" {
		c.add(path, "a unique value", "the same as "+first)
	}
}

func (c *checker) degrees(path string, value, most float64) {
	switch {
	case math.IsNaN(value) || math.IsInf(value, 0):
		c.add(path, "a finite number", "none")
	case math.Abs(value) > most:
		limit := strconv.FormatFloat(most, 'f', -1, 64)
		c.add(path, "-"+limit+" to "+limit+" degrees", "a number beyond")
	}
}

func isJSONObject(data []byte) bool {
	return json.Valid(data) && utf8.Valid(data) && bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
}
