// Command onetext sends one text. BenchmarkBinary measures how large it is.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/kirim-go/kirim"
)

func main() {
	client, err := kirim.NewClient(os.Getenv("KIRIM_API_KEY"))
	if err != nil {
		log.Fatal(err)
	}
	sent, err := client.PhoneNumber(os.Getenv("KIRIM_PHONE_NUMBER_ID")).Messages.Send(context.Background(),
		kirim.OutboundMessage{To: os.Args[1], Content: kirim.Text{Body: os.Args[2]}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sent.ID)
}
