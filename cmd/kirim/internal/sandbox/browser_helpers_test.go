package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for what a page should show.
const patience = 45 * time.Second

// browser is a tab of a Chromium that runs for one test.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// open starts Chromium without a screen, in a directory of its own, and shows a page.
// Without chromium the test is skipped: install it, as with apt-get install chromium.
// With KIRIM_REQUIRE_CHROMIUM=1 that is a failure.
func open(t *testing.T, address string) browser {
	t.Helper()
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && chromium == "" {
			chromium = found
		}
	}
	if chromium == "" {
		if os.Getenv("KIRIM_REQUIRE_CHROMIUM") == "1" {
			t.Fatal("there is no chromium in PATH")
		}
		t.Skip("there is no chromium in PATH; install it, as with apt-get install chromium, to run the tests of the page")
	}
	ctx, cancel := chromedp.NewContext(t.Context(), chromedp.WithAllocatorOptions(
		chromedp.ExecPath(chromium), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 860),
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-background-networking", true), chromedp.Flag("hide-scrollbars", true),
	))
	t.Cleanup(cancel)
	b := browser{t, ctx}
	b.do(chromedp.EmulateViewport(1280, 860))
	// In the background, as the page goes on while the test waits.
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err == nil && (m.IsException() || m.Type == "error") {
				t.Errorf("the console says: %s", m)
			}
		}
	}()
	b.do(chromedp.Navigate(address))
	b.until(`document.getElementById("live").textContent === "live"`)
	return b
}

// tab is another tab of the same browser.
func (b browser) tab(address string) browser {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.t.Cleanup(cancel)
	other := browser{b.t, ctx}
	other.do(chromedp.EmulateViewport(1280, 860), chromedp.Navigate(address))
	other.until(`document.getElementById("live").textContent === "live"`)
	return other
}

func (b browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// value returns what a JavaScript expression is.
func value[T any](b browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits until a JavaScript expression is true.
func (b browser) until(expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		// The page may be on its way to another one.
		if done, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")")); err == nil && done {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s did not become true; the page says:\n%s", expression, value[string](b, `document.body.innerText`))
		}
	}
}

// shows waits until an element has a text.
func (b browser) shows(selector, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`[...document.querySelectorAll(%s)].some((e) => e.innerText.includes(%s))`, quoted(selector), quoted(text)))
}

func quoted(text string) string {
	data, _ := json.Marshal(text) // a string always marshals
	return string(data)
}

// click clicks on what assistive technology knows by a role and a name.
func (b browser) click(role, name string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		node := b.named(role, name)
		_, err := chromedp.Call(b.ctx, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: node})
		quads, err2 := chromedp.Call(b.ctx, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: node})
		if err == nil && err2 == nil && len(quads.Quads) > 0 {
			q := quads.Quads[0]
			b.do(chromedp.MouseClickXY((q[0]+q[4])/2, (q[1]+q[5])/2))
			return
		}
		if time.Now().After(deadline) { // until then it may have been drawn anew
			b.t.Fatalf("%s %q is not shown: %v, %v", role, name, err, err2)
		}
	}
}

// named waits for the last element with a role and a name.
func (b browser) named(role, name string) cdp.BackendNodeID {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("there is no %s %q; the page says:\n%s", role, name, value[string](b, `document.body.innerText`))
		}
		document, err := chromedp.Call(b.ctx, dom.GetDocument, dom.GetDocumentParams{})
		if err != nil {
			continue
		}
		found, err := chromedp.Call(b.ctx, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{NodeID: document.Root.NodeID, Role: role, AccessibleName: name})
		if err != nil {
			continue
		}
		for _, node := range slices.Backward(found.Nodes) {
			if !node.Ignored {
				return node.BackendDOMNodeID
			}
		}
	}
}

// upload chooses a file for an input, which need not be visible.
func (b browser) upload(selector, file string) {
	b.t.Helper()
	document, err := chromedp.Call(b.ctx, dom.GetDocument, dom.GetDocumentParams{})
	if err != nil {
		b.t.Fatal(err)
	}
	input, err := chromedp.Call(b.ctx, dom.QuerySelector, dom.QuerySelectorParams{NodeID: document.Root.NodeID, Selector: selector})
	if err == nil {
		_, err = chromedp.Call(b.ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{file}, NodeID: input.NodeID})
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// write types into the element that has the focus.
func (b browser) write(text string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		b.t.Fatal(err)
	}
}

func (b browser) press(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// shortcut presses a key without the text that it would write, as chromedp sends that
// text whatever the page says to the key.
func (b browser) shortcut(key string) {
	b.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: key}); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b browser) size(width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

func (b browser) scheme(scheme string) {
	b.t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		b.t.Fatal(err)
	}
}

// picture keeps what the page looks like, where KIRIM_PICTURES names a directory.
func (b browser) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("KIRIM_PICTURES")
	if dir == "" {
		return
	}
	time.Sleep(300 * time.Millisecond) // for fonts and pictures
	value[int](b, `(document.getElementById("toasts").replaceChildren(), 0)`)
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// nameless returns the controls that have no accessible name, in HTML.
func (b browser) nameless() []string {
	b.t.Helper()
	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		b.t.Fatal(err)
	}
	var found []string
	for _, node := range tree.Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		role := strings.Trim(string(node.Role.Value), `"`)
		switch role {
		case "button", "link", "textbox", "searchbox", "combobox", "checkbox", "img", "meter", "DisclosureTriangle", "dialog":
			if node.Name == nil || strings.Trim(string(node.Name.Value), `" `) == "" {
				html, err := chromedp.Call(b.ctx, dom.GetOuterHTML, dom.GetOuterHTMLParams{BackendNodeID: node.BackendDOMNodeID})
				if err == nil {
					found = append(found, role+": "+html.OuterHTML)
				}
			}
		}
	}
	return found
}

// faint returns the texts in view with less contrast than WCAG asks for at level AA:
// 4.5 to 1.
func (b browser) faint() []string {
	b.t.Helper()
	return value[[]string](b, `(() => {
		const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
		const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
		const luminance = ([r, g, b]) => { const f = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
		const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
		const found = [];
		for (const e of document.querySelectorAll("body *")) {
			const text = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent).join("").trim();
			const box = e.getBoundingClientRect();
			if (!text || box.width === 0 || !e.checkVisibility() || e.closest("option")) continue;
			const [a, b] = [luminance(rgba(getComputedStyle(e).color)), luminance(behind(e))];
			const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
			if (ratio < 4.5) found.push(ratio.toFixed(2) + " " + e.tagName + "." + e.className + ": " + text.slice(0, 40));
		}
		return found;
	})()`)
}
