package kirim

import (
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// writeMarkup writes a text with WhatsApp's markup as HTML. Whatever it does not
// recognize it writes as text; all text is escaped. The rules are those of
// [TemplatePreview.HTML].
func writeMarkup(w *strings.Builder, text string) {
	for start := 0; ; {
		i := strings.Index(text[start:], fence)
		if i < 0 {
			break
		}
		i += start + len(fence)
		n := strings.Index(text[i:], fence)
		if n < 0 {
			break
		}
		if inside := text[i : i+n]; strings.Contains(inside, "\n") && strings.TrimSpace(inside) != "" {
			before := strings.TrimSuffix(text[:i-len(fence)], "\n")
			writeLines(w, before)
			if strings.HasSuffix(before, "\n") {
				w.WriteString("<br>")
			}
			w.WriteString("<pre>" + html.EscapeString(strings.Trim(inside, "\n")) + "</pre>")
			text, start = strings.TrimPrefix(text[i+n+len(fence):], "\n"), 0
		} else if n == 0 {
			start = i
		} else {
			start = i + n + len(fence) // code within a line
		}
	}
	writeLines(w, text)
}

const fence = "```"

// writeLines writes lines, of which some are a quote or the item of a list.
func writeLines(w *strings.Builder, text string) {
	if text == "" {
		return
	}
	open, last := "", ""
	for i, line := range strings.Split(text, "\n") {
		block, number, rest := lineOf(line)
		if block != open {
			if i > 0 && last == "" { // a line break before a block shows nothing by itself
				w.WriteString("<br>")
			}
			closeBlock(w, open)
			if block != "" {
				w.WriteString("<" + block + ">")
			}
		}
		switch {
		case block == "ul":
			w.WriteString("<li>")
		case block == "ol":
			w.WriteString(`<li value="` + strconv.Itoa(number) + `">`)
		case block == open && i > 0:
			w.WriteString("<br>")
		}
		open, last = block, line
		writeInline(w, rest, "")
		if block == "ul" || block == "ol" {
			w.WriteString("</li>")
		}
	}
	closeBlock(w, open)
}

func closeBlock(w *strings.Builder, block string) {
	if block != "" {
		w.WriteString("</" + block + ">")
	}
}

// lineOf returns the block that a line belongs to, and what is in it.
func lineOf(line string) (block string, number int, rest string) {
	mark, rest, _ := strings.Cut(line, " ")
	if strings.TrimSpace(rest) == "" {
		return "", 0, line
	}
	digits, dot := strings.CutSuffix(mark, ".")
	switch {
	case mark == ">":
		return "blockquote", 0, rest
	case mark == "*", mark == "-":
		return "ul", 0, rest
	case dot && 1 <= len(digits) && len(digits) <= 3 && !strings.ContainsFunc(digits, notDigit):
		number, _ = strconv.Atoi(digits)
		return "ol", number, rest
	}
	return "", 0, line
}

// styles are the tags of the marks that stand around words.
var styles = map[byte]string{'*': "strong", '_': "em", '~': "s"}

// writeInline writes a part of a line. Within are the marks that it stands in,
// which have no further effect there.
func writeInline(w *strings.Builder, s, within string) {
	from := 0
	flush := func(to int) {
		w.WriteString(html.EscapeString(s[from:to]))
		from = to
	}
	unpaired := "" // marks without a partner in the rest of s
	for i := 0; i < len(s); {
		c := s[i]
		if n := codeAt(s, i); n > 0 {
			flush(i)
			w.WriteString("<code>" + html.EscapeString(strings.Trim(s[i:i+n], "`")) + "</code>")
			i += n
			from = i
			continue
		}
		if n := linkAt(s, i); n > 0 {
			flush(i)
			link := html.EscapeString(s[i : i+n])
			w.WriteString(`<a href="` + link + `" rel="noopener noreferrer nofollow">` + link + `</a>`)
			i += n
			from = i
			continue
		}
		tag := styles[c]
		if tag == "" || strings.IndexByte(within+unpaired, c) >= 0 || !opens(s, i) {
			i++
			continue
		}
		end := partner(s, i)
		if end < 0 {
			unpaired += string(c)
			i++
			continue
		}
		flush(i)
		w.WriteString("<" + tag + ">")
		writeInline(w, s[i+1:end], within+string(c))
		w.WriteString("</" + tag + ">")
		i = end + 1
		from = i
	}
	flush(len(s))
}

// opens reports whether the mark at i may stand before a word.
func opens(s string, i int) bool {
	next, _ := utf8.DecodeRuneInString(s[i+1:])
	return i+1 < len(s) && !unicode.IsSpace(next) && next != rune(s[i]) && !inWord(lastRune(s[:i]))
}

// partner returns where the mark at i ends, and -1 if it does not.
func partner(s string, i int) int {
	for j := i + 1; j < len(s); j++ {
		if n := codeAt(s, j); n > 0 {
			j += n - 1
			continue
		}
		if s[j] == s[i] && j > i+1 && !unicode.IsSpace(lastRune(s[:j])) {
			if next, _ := utf8.DecodeRuneInString(s[j+1:]); j+1 == len(s) || !inWord(next) {
				return j
			}
		}
	}
	return -1
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// codeAt is the length of the code that begins at i, marks included, or 0. Single
// marks neither follow nor precede another.
func codeAt(s string, i int) int {
	mark := "`"
	switch {
	case s[i] != '`':
		return 0
	case strings.HasPrefix(s[i:], fence):
		mark = fence
	case i > 0 && s[i-1] == '`':
		return 0
	}
	rest := s[i+len(mark):]
	n := strings.Index(rest, mark)
	if n <= 0 || strings.Trim(rest[:n], " `") == "" || mark != fence && strings.HasPrefix(rest[n+1:], "`") {
		return 0
	}
	return n + 2*len(mark)
}

// linkAt is the length of the http or https URL at i, or 0.
func linkAt(s string, i int) int {
	if s[i]|' ' != 'h' || inWord(lastRune(s[:i])) {
		return 0
	}
	if !slices.ContainsFunc([]string{"http://", "https://"}, func(scheme string) bool {
		return len(s)-i > len(scheme) && strings.EqualFold(s[i:i+len(scheme)], scheme)
	}) {
		return 0
	}
	link := s[i:min(len(s), i+maxLink+1)]
	if end := strings.IndexFunc(link, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(notInURL+"`", r) }); end >= 0 {
		link = link[:end]
	}
	link = strings.TrimRight(link, ".,;:!?'*_~)]}")
	if len(link) > maxLink || !isWebLink(link) {
		return 0
	}
	return len(link)
}

// maxLink bounds the work on a text that begins many URLs and ends none.
const maxLink = 2000

// isWebLink reports whether a link can stand in a page: an absolute URL of http or
// https, and nothing that runs.
func isWebLink(link string) bool {
	u, err := url.Parse(link)
	return err == nil && utf8.ValidString(link) && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && !strings.ContainsAny(link, notInURL)
}

// printableText is a text without what a terminal or a browser would obey.
func printableText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\ufffd'
		}
		return r
	}, s)
}
