package kirimtest

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestANumberSendsEightyMessagesASecond(t *testing.T) {
	t.Parallel()
	s, clock := inMemory(t)
	send := func() result { return metaSend(t, s, metaFilled("order_update", "A-17")) }
	for range 80 {
		wantMeta(t, send(), 200, 0, 0)
	}
	r := send()
	wantMeta(t, r, 400, 130429, 0)
	usage := decoded(t, []byte(r.header.Get("X-Business-Use-Case-Usage")))
	if regain := dig(usage, s.WABAID+".estimated_time_to_regain_access"); regain != 1.0 || dig(usage, s.WABAID+".type") != "whatsapp" {
		t.Errorf("the header is %v", usage)
	}
	clock.Advance(time.Second / 80)
	wantMeta(t, send(), 200, 0, 0)
	wantMeta(t, send(), 400, 130429, 0)
	if s.MessageCount() != 81 {
		t.Errorf("%d messages", s.MessageCount())
	}
}

func TestThePairRateBorrowsFromLater(t *testing.T) {
	t.Parallel()
	send := func(s *Server, n int) result {
		var r result
		for range n {
			r = metaSend(t, s, metaFilled("order_update", "A-17"))
		}
		return r
	}
	off, _ := inMemory(t)
	wantMeta(t, send(off, 50), 200, 0, 0)

	s, clock := inMemory(t, WithMetaLimits(MetaLimits{PairRate: true}))
	wantMeta(t, send(s, 45), 200, 0, 0)
	wantMeta(t, send(s, 1), 400, 131056, 0)
	clock.Advance(45*6*time.Second - time.Second) // as long as 45 messages take, but for a second
	wantMeta(t, send(s, 1), 400, 131056, 0)
	other := meta(t, s, "POST", "/"+s.PhoneNumberID+"/messages", `{"messaging_product":"whatsapp","to":"+628129999999",`+metaFilled("order_update", "A-17")+`}`)
	wantMeta(t, other, 200, 0, 0)
	clock.Advance(time.Second)
	for range 100 { // at the steady rate, none is refused
		wantMeta(t, send(s, 1), 200, 0, 0)
		clock.Advance(6 * time.Second)
	}
	wantMeta(t, send(s, 20), 200, 0, 0)
	clock.Advance(time.Minute)
	wantMeta(t, send(s, 1), 400, 131056, 0)
	clock.Advance(time.Minute)
	wantMeta(t, send(s, 1), 200, 0, 0)
}

func TestCallsOfAnAccountAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := Start(t, WithoutListener(), WithMetaLimits(MetaLimits{Calls: 4, Throughput: -1}))
		number := "/" + s.PhoneNumberID
		for i, used := range []float64{25, 50, 75, 100} {
			r := meta(t, s, "GET", number, "")
			wantMeta(t, r, 200, 0, 0)
			if app := decoded(t, []byte(r.header.Get("X-App-Usage"))); app["call_count"] != used {
				t.Errorf("call %d: %v", i, app)
			}
		}
		r := meta(t, s, "GET", number, "")
		wantMeta(t, r, 400, 80007, 0)
		usage := decoded(t, []byte(r.header.Get("X-Business-Use-Case-Usage")))
		if regain := dig(usage, s.WABAID+".estimated_time_to_regain_access"); regain != 15.0 {
			t.Errorf("the header is %v", usage)
		}
		for range 200 { // messages are none of these calls
			wantMeta(t, metaSend(t, s, metaFilled("order_update", "A-17")), 200, 0, 0)
		}
		time.Sleep(15 * time.Minute)
		wantMeta(t, meta(t, s, "GET", number, ""), 200, 0, 0)
	})
}

func TestAThrottledResponseOfAFaultSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	s, _ := inMemory(t)
	for code, app := range map[string]float64{"4": 100, "80007": 0, "130429": 0} {
		s.AddFault(Fault{Status: 400, Code: code})
		r := metaSend(t, s, metaText)
		usage := decoded(t, []byte(r.header.Get("X-Business-Use-Case-Usage")))
		if dig(usage, s.WABAID+".call_count") != 100.0 || dig(usage, s.WABAID+".estimated_time_to_regain_access") != 1.0 {
			t.Errorf("%s: %v", code, usage)
		}
		if got := decoded(t, []byte(r.header.Get("X-App-Usage")))["call_count"]; got != app {
			t.Errorf("%s: the app is at %v", code, got)
		}
	}
}
