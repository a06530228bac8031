package kirim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/internal/testwire"
)

// pageOf is a response with labels of these ids; an empty cursor is null.
func pageOf(next string, ids ...string) answer {
	items := make([]string, len(ids))
	for i, id := range ids {
		items[i] = `{"id":"` + id + `"}`
	}
	cursor := "null"
	if next != "" {
		cursor = `"` + next + `"`
	}
	return answer{status: 200, body: fmt.Sprintf(`{"data":[%s],"has_more":%v,"next_cursor":%s,"request_id":"r"}`, strings.Join(items, ","), next != "", cursor)}
}

// cursors are those that the server was asked for.
func cursors(t *testing.T, w *wire) string {
	t.Helper()
	var list []string
	for _, s := range w.seen() {
		u, err := url.Parse(s.url)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, "<"+u.Query().Get("cursor")+">")
	}
	return strings.Join(list, "")
}

// collect reads labels to the end and returns their ids.
func collect(w *wire, t *testing.T, params kirim.LabelListParams, opts ...kirim.RequestOption) (ids string, err error) {
	t.Helper()
	for label, e := range w.client(t).Labels.All(t.Context(), params, opts...) {
		if err != nil {
			t.Error("the iteration went on after its error")
		}
		if e != nil {
			err = e
			if label != nil {
				t.Error("an error came with a label")
			}
			continue
		}
		ids += label.ID
	}
	return ids, err
}

func TestAListIsReadToItsEndWithTheSameFilters(t *testing.T) {
	t.Parallel()
	w := newWire(pageOf("A=", "1", "2"), pageOf("B"), pageOf("", "3"))
	var said kirim.Response
	ids, err := collect(w, t, kirim.LabelListParams{TeamID: "t", Limit: 2}, kirim.WithResponse(&said), kirim.WithIdempotencyKey("k"))
	if ids != "123" || err != nil {
		t.Errorf("%s, %v", ids, err)
	}
	if got := cursors(t, w); got != "<><A=><B>" {
		t.Errorf("cursors %s", got)
	}
	for i, s := range w.seen() {
		if !strings.Contains(s.url, "team_id=t") || !strings.Contains(s.url, "limit=2") || s.header.Get("Idempotency-Key") != "" {
			t.Errorf("request %d: %s %v", i, s.url, s.header)
		}
	}
	if strings.Contains(w.seen()[0].url, "cursor") {
		t.Error("the first request has a cursor")
	}
	if said.StatusCode != 200 {
		t.Errorf("WithResponse got %+v", said)
	}
}

func TestAListIsReadPageByPageAsItIsAskedFor(t *testing.T) {
	t.Parallel()
	w := newWire(pageOf("A", "1", "2"), pageOf("B", "3"), pageOf("", "4"))
	all := w.client(t).Labels.All(t.Context(), kirim.LabelListParams{})
	if len(w.seen()) != 0 {
		t.Error("a request was made before the iteration")
	}
	for label := range all {
		if want := map[string]int{"1": 1, "2": 1, "3": 2}[label.ID]; len(w.seen()) != want {
			t.Errorf("at label %s there were %d requests", label.ID, len(w.seen()))
		}
		if label.ID == "3" {
			break
		}
	}
	if len(w.seen()) != 2 {
		t.Errorf("%d requests after the break", len(w.seen()))
	}
}

func TestAnIterationCanBeRepeatedAlsoAtTheSameTime(t *testing.T) {
	t.Parallel()
	serve := testwire.Func(func(req *http.Request) (*http.Response, error) {
		next := map[string]string{"": "A", "A": "B", "B": ""}[req.URL.Query().Get("cursor")]
		return newWire(pageOf(next, "x"+req.URL.Query().Get("cursor"))).RoundTrip(req)
	})
	c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: serve}))
	if err != nil {
		t.Fatal(err)
	}
	params := kirim.LabelListParams{Limit: 1}
	all := c.Labels.All(t.Context(), params)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			ids := ""
			for label, err := range all {
				if err != nil {
					t.Error(err)
					return
				}
				ids += label.ID
			}
			if ids != "xxAxB" {
				t.Errorf("%s", ids)
			}
		})
	}
	wg.Wait()
	if params != (kirim.LabelListParams{Limit: 1}) {
		t.Errorf("the params were changed: %+v", params)
	}
}

func TestAnIterationEndsAtAnErrorAndGoesOnFromItsCursor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWire(pageOf("A", "1"), pageOf("B", "2"), answer{status: 403}, pageOf("", "3"))
		ids, err := collect(w, t, kirim.LabelListParams{})
		var e *kirim.ListError
		if ids != "12" || !errors.As(err, &e) || e.Cursor != "B" || !kirim.IsPermission(err) {
			t.Fatalf("%s, %#v", ids, err)
		}
		wantText(t, err, "kirim: a later page of the list: GET /labels: 403")
		if ids, err = collect(w, t, kirim.LabelListParams{Cursor: e.Cursor}); ids != "3" || err != nil {
			t.Errorf("%s, %v", ids, err)
		}
		if got := cursors(t, w); got != "<><A><B><B>" {
			t.Errorf("cursors %s", got)
		}
	})
}

func TestAFirstPageThatFailsHasNoCursor(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 400, body: envelope(kirim.TypeInvalidRequest, kirim.CodeInvalidLimit)})
	_, err := collect(w, t, kirim.LabelListParams{Limit: 101})
	var e *kirim.ListError
	if !errors.As(err, &e) || e.Cursor != "" || !errors.Is(err, kirim.CodeInvalidLimit) {
		t.Errorf("%v", err)
	}
	wantText(t, err, "kirim: the first page of the list: GET /labels: 400 invalid_limit")
}

func TestACursorThatTheServerRefusesStartsNothingAnew(t *testing.T) {
	t.Parallel()
	w := newWire(pageOf("A", "1"), answer{status: 400, body: envelope(kirim.TypeInvalidRequest, kirim.CodeInvalidCursor)})
	ids, err := collect(w, t, kirim.LabelListParams{})
	if ids != "1" || !errors.Is(err, kirim.CodeInvalidCursor) || len(w.seen()) != 2 {
		t.Errorf("%s, %v after %d requests", ids, err, len(w.seen()))
	}
}

func TestAnEndedContextEndsAnIterationAtTheNextPage(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := newWire(pageOf("A", "1"), pageOf("", "2"))
	var err error
	for _, e := range w.client(t).Labels.All(ctx, kirim.LabelListParams{}) {
		cancel()
		err = e
	}
	var e *kirim.ListError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Cursor != "A" || len(w.seen()) != 1 {
		t.Errorf("%v after %d requests", err, len(w.seen()))
	}
}

func TestAServerThatLeadsInACircleIsLeft(t *testing.T) {
	t.Parallel()
	for _, tail := range []int{0, 1, 2, 5} {
		for _, circle := range []int{1, 2, 3, 7} {
			// Pages 0, 1 … tail+circle-1, then tail again.
			next := func(n int) string {
				if n++; n == tail+circle {
					n = tail
				}
				return fmt.Sprint(n)
			}
			n, requests := 0, 0
			serve := testwire.Func(func(req *http.Request) (*http.Response, error) {
				fmt.Sscan(req.URL.Query().Get("cursor"), &n)
				requests++
				if requests > 1000 {
					return nil, errors.New("never ends")
				}
				return newWire(pageOf(next(n), "x")).RoundTrip(req)
			})
			c, err := kirim.NewClient(testKey, kirim.WithHTTPClient(&http.Client{Transport: serve}))
			if err != nil {
				t.Fatal(err)
			}
			for _, err = range c.Labels.All(t.Context(), kirim.LabelListParams{Cursor: "0"}) {
			}
			if !errors.Is(err, kirim.KindInvalidResponse) || requests > 4*(tail+circle)+2 {
				t.Errorf("tail %d, circle %d: %v after %d requests", tail, circle, err, requests)
			}
		}
	}
}

func TestAPageSaysWhetherThereIsMore(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]kirim.Page[kirim.Label]{
		`{"data":[],"has_more":false,"next_cursor":null}`: {},
		`{"data":[],"has_more":true,"next_cursor":"A"}`:   {HasMore: true, NextCursor: "A"},
		`{"data":[],"next_cursor":"A"}`:                   {HasMore: true, NextCursor: "A"},
		`{"data":[],"has_more":false,"next_cursor":"A"}`:  {NextCursor: "A"},
		`{"data":[null,{"id":"1"}],"has_more":true}`:      {HasMore: true},
	} {
		w := newWire(answer{status: 200, body: body})
		page, err := w.client(t).Labels.List(t.Context(), kirim.LabelListParams{})
		if err != nil || page.HasMore != want.HasMore || page.NextCursor != want.NextCursor {
			t.Errorf("%s: %+v, %v", body, page, err)
			continue
		}
		for _, item := range page.Items {
			if item == nil {
				t.Errorf("%s: an item is nil", body)
			}
		}
	}
	w := newWire(answer{status: 200, body: `{"data":[{"id":"1"}],"has_more":true,"next_cursor":null}`})
	ids, err := collect(w, t, kirim.LabelListParams{})
	if ids != "1" || !errors.Is(err, kirim.KindInvalidResponse) || len(w.seen()) != 1 {
		t.Errorf("more without a cursor: %s, %v after %d requests", ids, err, len(w.seen()))
	}
}
