package kirim_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

func contactIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint("ctc_", i)
	}
	return ids
}

func counts(applied, crossOrg, teamMismatch int) answer {
	return answer{status: 200, body: fmt.Sprintf(`{"data":{"applied":%d,"skipped_cross_org":%d,"skipped_team_mismatch":%d}}`, applied, crossOrg, teamMismatch)}
}

// sent is what a bulk request carried.
func sent(t *testing.T, w *wire) (keys []string, ids []string, sizes []int) {
	t.Helper()
	for _, s := range w.seen() {
		var body struct {
			ContactIDs []string `json:"contact_ids"`
		}
		if err := json.Unmarshal([]byte(s.body), &body); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, s.header.Get("Idempotency-Key"))
		ids = append(ids, body.ContactIDs...)
		sizes = append(sizes, len(body.ContactIDs))
	}
	return keys, ids, sizes
}

func TestABulkOfLabelsIsSentAThousandAtATime(t *testing.T) {
	t.Parallel()
	for n, want := range map[int][]int{1: {1}, 999: {999}, 1000: {1000}, 1001: {1000, 1}, 2500: {1000, 1000, 500}} {
		w := newWire(counts(5, 2, 1))
		params := kirim.BulkLabelParams{LabelID: "lbl", Operation: kirim.LabelDetach, ContactIDs: contactIDs(n)}
		result, err := w.client(t).PhoneNumber(phone).Contacts.BulkLabel(t.Context(), params)
		if err != nil {
			t.Fatal(err)
		}
		keys, ids, sizes := sent(t, w)
		if !slices.Equal(sizes, want) || !slices.Equal(ids, contactIDs(n)) || !slices.Equal(params.ContactIDs, ids) {
			t.Errorf("%d ids went out as %v", n, sizes)
		}
		if k := len(want); result.Applied != 5*k || result.SkippedCrossOrg != 2*k || result.SkippedTeamMismatch != k || result.Done != n {
			t.Errorf("%d ids: %+v", n, result)
		}
		if slices.Sort(keys); len(slices.Compact(keys)) != len(want) {
			t.Errorf("the keys are %q", keys)
		}
	}
}

func TestABulkThatFailsInTheMiddleTellsHowFarItCame(t *testing.T) {
	t.Parallel()
	w := newWire(counts(990, 10, 0), answer{status: 403}, counts(1, 0, 0))
	contacts := w.client(t).PhoneNumber(phone).Contacts
	params := kirim.BulkLabelParams{LabelID: "lbl", Operation: kirim.LabelAttach, ContactIDs: contactIDs(2500)}
	result, err := contacts.BulkLabel(t.Context(), params, kirim.WithIdempotencyKey("vip-2026"))
	if !kirim.IsPermission(err) || result.Done != 1000 || result.Applied != 990 || result.SkippedCrossOrg != 10 {
		t.Fatalf("%+v, %v", result, err)
	}
	wantText(t, err, "after 1000 of 2500 contacts: ")
	failed := answerOf(t, err).IdempotencyKey

	if _, err := contacts.BulkLabel(t.Context(), params, kirim.WithIdempotencyKey("vip-2026")); err != nil {
		t.Fatal(err)
	}
	params.ContactIDs = params.ContactIDs[result.Done:]
	if _, err := contacts.BulkLabel(t.Context(), params, kirim.WithIdempotencyKey(failed)); err != nil {
		t.Fatal(err)
	}
	keys, _, sizes := sent(t, w)
	if !slices.Equal(keys[:2], keys[2:4]) || keys[0] != "vip-2026" || keys[1] != "vip-2026:1000" || keys[5] != keys[1] {
		t.Errorf("the keys are %q", keys)
	}
	if bodies := w.seen(); bodies[1].body != bodies[3].body || bodies[1].body != bodies[5].body || bodies[0].body != bodies[2].body {
		t.Errorf("the bodies of one key differ; sizes %v", sizes)
	}
}

func TestTheFirstFailureOfABulkComesWithAnEmptyResult(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 404})
	result, err := w.client(t).PhoneNumber(phone).Contacts.BulkLabel(t.Context(), kirim.BulkLabelParams{ContactIDs: contactIDs(1001)})
	if !kirim.IsNotFound(err) || result == nil || result.Done != 0 || len(w.seen()) != 1 {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestTheKeysOfABulkStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	w := newWire(counts(0, 0, 0))
	long := strings.Repeat("k", 255)
	_, err := w.client(t).PhoneNumber(phone).Contacts.BulkLabel(t.Context(), kirim.BulkLabelParams{ContactIDs: contactIDs(3000)}, kirim.WithIdempotencyKey(long))
	keys, _, _ := sent(t, w)
	if err != nil || keys[0] != long || keys[1] == keys[2] || len(keys[1]) > 255 || len(keys[2]) > 255 {
		t.Errorf("%v, %q", err, keys)
	}
}

func TestABulkWithoutKeysCarriesNone(t *testing.T) {
	t.Parallel()
	w := newWire(counts(0, 0, 0))
	_, err := w.client(t, kirim.WithoutIdempotencyKeys()).PhoneNumber(phone).Contacts.BulkLabel(t.Context(), kirim.BulkLabelParams{ContactIDs: contactIDs(1001)})
	if keys, _, _ := sent(t, w); err != nil || keys[0]+keys[1] != "" {
		t.Errorf("%v, %q", err, keys)
	}
}

func TestNumbersInMetadataKeepTheirDigits(t *testing.T) {
	t.Parallel()
	w := newWire(answer{status: 200, body: `{"data":{"metadata":{"big":12345678901234567890}}}`})
	c, err := w.client(t).PhoneNumber(phone).Contacts.Get(t.Context(), "ctc_1")
	if err != nil || c.Metadata["big"] != json.Number("12345678901234567890") {
		t.Errorf("%+v, %v", c, err)
	}
}
