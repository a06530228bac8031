package kirim_test

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/kirim-go/kirim"
)

func printMessage(m kirim.OutboundMessage) {
	body, err := json.Marshal(m)
	if err != nil {
		fmt.Println(err)
		return
	}
	var indented bytes.Buffer
	_ = json.Indent(&indented, body, "", "  ") // just marshalled
	fmt.Println(indented.String())
}

func ExampleText() {
	printMessage(kirim.OutboundMessage{
		To:      "+6281100000001",
		Content: kirim.Text{Body: "Your order is on its way."},
	})
	// Output:
	// {
	//   "messaging_product": "whatsapp",
	//   "to": "+6281100000001",
	//   "type": "text",
	//   "text": {
	//     "body": "Your order is on its way."
	//   }
	// }
}

func ExampleList() {
	printMessage(kirim.OutboundMessage{
		To: "+6281100000001",
		Content: kirim.List{
			Body:   "How should we send it?",
			Button: "Choose",
			Sections: []kirim.ListSection{{
				Rows: []kirim.ListRow{
					{ID: "express", Title: "Express", Description: "Within 3 hours"},
					{ID: "regular", Title: "Regular"},
				},
			}},
		},
	})
	// Output:
	// {
	//   "messaging_product": "whatsapp",
	//   "to": "+6281100000001",
	//   "type": "interactive",
	//   "interactive": {
	//     "type": "list",
	//     "body": {
	//       "text": "How should we send it?"
	//     },
	//     "action": {
	//       "button": "Choose",
	//       "sections": [
	//         {
	//           "rows": [
	//             {
	//               "id": "express",
	//               "title": "Express",
	//               "description": "Within 3 hours"
	//             },
	//             {
	//               "id": "regular",
	//               "title": "Regular"
	//             }
	//           ]
	//         }
	//       ]
	//     }
	//   }
	// }
}

func ExampleTemplate() {
	printMessage(kirim.OutboundMessage{
		To: "+6281100000001",
		Content: kirim.Template{
			Name:     "order_ready",
			Language: "id",
			Components: []kirim.Component{
				kirim.FillHeaderImage("https://files.example.com/77.jpg"),
				kirim.FillBody("Sari"),
				kirim.ButtonURL(0, "orders/77"),
			},
		},
	})
	// Output:
	// {
	//   "messaging_product": "whatsapp",
	//   "to": "+6281100000001",
	//   "type": "template",
	//   "template": {
	//     "name": "order_ready",
	//     "language": "id",
	//     "components": [
	//       {
	//         "type": "header",
	//         "parameters": [
	//           {
	//             "type": "image",
	//             "image": {
	//               "link": "https://files.example.com/77.jpg"
	//             }
	//           }
	//         ]
	//       },
	//       {
	//         "type": "body",
	//         "parameters": [
	//           {
	//             "type": "text",
	//             "text": "Sari"
	//           }
	//         ]
	//       },
	//       {
	//         "type": "button",
	//         "sub_type": "url",
	//         "index": 0,
	//         "parameters": [
	//           {
	//             "type": "text",
	//             "text": "orders/77"
	//           }
	//         ]
	//       }
	//     ]
	//   }
	// }
}

func ExampleOutboundMessage_Validate() {
	err := kirim.OutboundMessage{
		To: "081100000001",
		Content: kirim.ReplyButtons{
			Body:    "Is the address right?",
			Buttons: []kirim.ReplyButton{{ID: "no", Title: "No, please change it"}, {ID: "yes", Title: "Yes, that is the right one"}},
		},
	}.Validate()
	fmt.Println(err)
	// Output:
	// kirim: invalid request: to: want E.164 with a leading + and 7 to 15 digits, got 12 characters, no leading +; interactive.action.buttons[1].reply.title: want 1 to 20 characters, got 26 characters
}

func ExampleReaction() {
	printMessage(kirim.OutboundMessage{
		To:      "+6281100000001",
		Content: kirim.Reaction{MessageID: "wamid.EXAMPLE-IN-0001", Emoji: "👍"},
	})
	// Output:
	// {
	//   "messaging_product": "whatsapp",
	//   "to": "+6281100000001",
	//   "type": "reaction",
	//   "reaction": {
	//     "message_id": "wamid.EXAMPLE-IN-0001",
	//     "emoji": "👍"
	//   }
	// }
}

func ExampleFlow() {
	m := kirim.OutboundMessage{
		To: "+6281100000001",
		Content: kirim.Flow{
			Body:   "Book a table in a minute.",
			Name:   "booking",
			Button: "Book",
			Screen: "DAY",
			Data:   json.RawMessage(`{"days": 31}`),
		},
	}
	fmt.Println(m.ContentKind(), m.Validate())

	m.Content = kirim.Flow{Body: "Book a table in a minute.", Button: "Book", Data: json.RawMessage(`{}`)}
	fmt.Println(m.Validate())
	// Output:
	// interactive/flow <nil>
	// kirim: invalid request: interactive.action.parameters: want exactly one of flow_id and flow_name, got neither; interactive.action.parameters.flow_action_payload.screen: want the screen that gets the data, got empty; interactive.action.parameters.flow_action_payload.data: want an object with members, or none, got an empty object
}

// The body that Meta's own API takes differs in a few words from Kirim's.
func ExampleOutboundMessage_MarshalMetaJSON() {
	body, err := kirim.OutboundMessage{
		To:      "+6281100000001",
		Content: kirim.Template{Name: "order_ready", Language: "id"},
	}.MarshalMetaJSON()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(body))
	// Output:
	// {"messaging_product":"whatsapp","recipient_type":"individual","to":"+6281100000001","type":"template","template":{"name":"order_ready","language":{"code":"id","policy":"deterministic"}}}
}
