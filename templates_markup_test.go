package kirim

import (
	"strings"
	"testing"
	"time"
)

func TestWhatsAppsMarkupIsShownAsHTML(t *testing.T) {
	t.Parallel()
	link := func(url string) string {
		return `<a href="` + url + `" rel="noopener noreferrer nofollow">` + url + `</a>`
	}
	for name, tt := range map[string]struct{ text, want string }{
		"plain text":                          {"Hello, Ana.", "Hello, Ana."},
		"nothing":                             {"", ""},
		"lines":                               {"a\nb\n\nc", "a<br>b<br><br>c"},
		"bold":                                {"a *bold* word", "a <strong>bold</strong> word"},
		"italic":                              {"_italic_", "<em>italic</em>"},
		"struck through":                      {"~gone~, really", "<s>gone</s>, really"},
		"code":                                {"run `ls -l` now", "run <code>ls -l</code> now"},
		"monospace within a line":             {"run ```ls -l``` now", "run <code>ls -l</code> now"},
		"monospace of several lines":          {"see\n```\na\n  b\n```\nend", "see<pre>a\n  b</pre>end"},
		"marks within marks":                  {"*a _b ~c~ d_ e*", "<strong>a <em>b <s>c</s> d</em> e</strong>"},
		"marks that cross":                    {"*a _b* c_", "<strong>a _b</strong> c_"},
		"a mark within its like":              {"*a *b* c*", "<strong>a *b</strong> c*"},
		"a product of numbers":                {"2*3*4", "2*3*4"},
		"a name with underscores":             {"snake_case_name and __init__", "snake_case_name and _<em>init</em>_"},
		"a mark before a space":               {"* a* and b *c *", "<ul><li>a* and b *c *</li></ul>"},
		"a mark after a space":                {"a *b * c", "a *b * c"},
		"a mark without a partner":            {"5 * a *b", "5 * a *b"},
		"a mark that spans lines":             {"*a\nb*", "*a<br>b*"},
		"two marks":                           {"**", "**"},
		"marks around a letter of any script": {"é*b* *ç*", "é*b* <strong>ç</strong>"},
		"punctuation around a mark":           {"(*a*)!", "(<strong>a</strong>)!"},
		"no mark within code":                 {"`*a*` and *`b*`*", "<code>*a*</code> and <strong><code>b*</code></strong>"},
		"code without an end":                 {"a ```b and `c", "a ```b and `c"},
		"code without content":                {"`` and ` and ``````", "`` and ` and ``````"},
		"a quote":                             {"> a *b*\n> c\nd", "<blockquote>a <strong>b</strong><br>c</blockquote>d"},
		"an empty line before a quote":        {"a\n\n> b\n\nc", "a<br><br><blockquote>b</blockquote><br>c"},
		"an empty line before monospace":      {"a\n\n```\nb\n```\n\nc", "a<br><br><pre>b</pre><br>c"},
		"a list":                              {"list:\n* a\n- b\nend", "list:<ul><li>a</li><li>b</li></ul>end"},
		"a numbered list":                     {"1. a\n2. b\n10. c", `<ol><li value="1">a</li><li value="2">b</li><li value="10">c</li></ol>`},
		"lists after each other":              {"* a\n1. b\n> c", `<ul><li>a</li></ul><ol><li value="1">b</li></ol><blockquote>c</blockquote>`},
		"what is not a list":                  {"*a\n-b\n1.c\n2024. d\n>e\n* \nx. f", "*a<br>-b<br>1.c<br>2024. d<br>&gt;e<br>* <br>x. f"},
		"a link":                              {"See https://shop.example/a?b=1&c=2.", "See " + strings.ReplaceAll(link("https://shop.example/a?b=1&c=2"), "&c", "&amp;c") + "."},
		"a link in bold":                      {"*https://shop.example/a_b_c*", "<strong>" + link("https://shop.example/a_b_c") + "</strong>"},
		"a link in brackets":                  {"(HTTP://shop.example)", "(" + link("HTTP://shop.example") + ")"},
		"what is not a link":                  {"xhttps://a ftp://b javascript:alert(1) https:// https://%zz http", "xhttps://a ftp://b javascript:alert(1) https:// https://%zz http"},
		"tags":                                {`<script>alert("1")</script> & <b>`, "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; &lt;b&gt;"},
		"tags in marks":                       {"*<b>* `<i>` ```<u>\n```", "<strong>&lt;b&gt;</strong> <code>&lt;i&gt;</code> <pre>&lt;u&gt;</pre>"},
		"an attribute in a link":              {`https://a.example/"onmouseover="x`, link("https://a.example/") + "&#34;onmouseover=&#34;x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w strings.Builder
			if writeMarkup(&w, tt.text); w.String() != tt.want {
				t.Errorf("%q\ngot  %q\nwant %q", tt.text, w.String(), tt.want)
			}
		})
	}
}

// The work must not grow with the square of the text.
func TestMarkupOfALongTextTakesLittleTime(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"*", "*a ", "`", "`a", "```", "```a", "_*~a", "http://%", "http://a", "> ", "1. a\n", "*a _b ~c `d"} {
		text := strings.Repeat(part, 32768/len(part)) // the longest body that Meta takes
		began := time.Now()
		var w strings.Builder
		writeMarkup(&w, text)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%q takes %v", part, took)
		} else if took > 50*time.Millisecond {
			t.Logf("%q takes %v", part, took)
		}
	}
}
