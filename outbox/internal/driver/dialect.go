package driver

import (
	"fmt"
	"regexp"
	"strings"
)

// Dialect is how the SQL of a database differs from that of another. The
// statements of the outbox are written once, with these words in braces:
//
//	{s}                             prefix of a table: schema and dot, or nothing
//	{now}                           the database's clock, in microseconds since 1970
//	{rows $1: id bigint, name text} rows of a JSON array of objects in an argument, as r
//	{ids $1}                        IN the ids of a JSON array of objects in an argument
//	{micros j.attempted_at}         a time in one of River's columns, in microseconds
//	{argument j.args: lane}         a number in the arguments of one of River's jobs
//	{for update}                    FOR UPDATE, where there are row locks
//	{skip locked}                   FOR UPDATE SKIP LOCKED, likewise
type Dialect struct {
	Schema string // where the tables are; empty for the default
	// Now, Micros and Lane are expressions; the %s are operands.
	Now, Micros, Argument, IDs string
	// Rows makes a row source, called r, of an argument and columns.
	Rows func(argument string, columns []Column) string
	// ForUpdate and SkipLocked lock rows; empty where there are no such locks.
	ForUpdate, SkipLocked string
}

// Column is a column of a row source.
type Column struct{ Name, Type string }

var dialectWord = regexp.MustCompile(`\{(s|now|for update|skip locked|rows|ids|micros|argument)(?: ([^}:]*))?(?:: ([^}]*))?\}`)

// SQL translates a statement.
func (d Dialect) SQL(statement string) string {
	return dialectWord.ReplaceAllStringFunc(statement, func(word string) string {
		parts := dialectWord.FindStringSubmatch(word)
		switch parts[1] {
		case "s":
			return d.Prefix()
		case "now":
			return d.SQL(d.Now)
		case "for update":
			return d.ForUpdate
		case "skip locked":
			return d.SkipLocked
		case "ids":
			return fmt.Sprintf(d.IDs, parts[2])
		case "micros":
			return fmt.Sprintf(d.Micros, parts[2])
		case "argument":
			return fmt.Sprintf(d.Argument, parts[2], parts[3])
		default:
			var columns []Column
			for column := range strings.SplitSeq(parts[3], ",") {
				name, typ, _ := strings.Cut(strings.TrimSpace(column), " ")
				columns = append(columns, Column{name, typ})
			}
			return d.Rows(parts[2], columns)
		}
	})
}

// Prefix is what stands before the name of a table.
func (d Dialect) Prefix() string {
	if d.Schema == "" {
		return ""
	}
	return `"` + strings.ReplaceAll(d.Schema, `"`, `""`) + `".`
}
