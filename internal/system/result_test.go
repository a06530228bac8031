package system

import "testing"

func TestOnly2xxAnswersThatSayThatTheyFailedHaveFailed(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct{ reported, failed bool }{
		`{"success":false}`:                         {true, true},
		`{"success":false,"data":null}`:             {true, true},
		`{"isSuccess":false,"data":{}}`:             {false, true},
		`{"error":{}}`:                              {true, true},
		`{"error":"text"}`:                          {true, true},
		`{"error":true,"message":"m"}`:              {true, true},
		`{"message":"m","errors": true}`:            {true, true},
		`{"errors":"text"}`:                         {true, true},
		`{"error":true,"data":null}`:                {true, true},
		`{"error":true,"data":{}}`:                  {},
		`{"error":false,"message":"m"}`:             {},
		`{"errors":false}`:                          {},
		`{"errors":""}`:                             {},
		`{"data":null,"error":{"code":"x"}}`:        {true, true},
		`{"message":"m","errors":{"to":["m"]}}`:     {true, true},
		`{"errors":[{"code":"x"}]}`:                 {true, true},
		`{"errors":[]}`:                             {},
		`{"errors":[ ]}`:                            {},
		`{"errors":{}}`:                             {},
		`{"error":""}`:                              {},
		`{"error":null}`:                            {},
		`{"success":true,"data":{}}`:                {},
		`{"isSuccess":true,"data":{}}`:              {},
		`{"data":{"error":{}}}`:                     {},
		`{"data":{},"error":{"code":"warning"}}`:    {},
		`{"data":[],"errors":[{"code":"warning"}]}`: {},
		`{"success":"false"}`:                       {},
		`{"message":"Unauthenticated."}`:            {},
		`{}`:                                        {},
		`[]`:                                        {},
		``:                                          {},
		`{"error":{}`:                               {},
	} {
		if got := Reported([]byte(body)); got != want.reported {
			t.Errorf("Reported(%s) is %v", body, got)
		}
		if got := Failed([]byte(body)); got != want.failed {
			t.Errorf("Failed(%s) is %v", body, got)
		}
	}
}
