package engine

// operationRow is one sentence: an operation of this kind, in one of these stages, when this happens, goes there, doing
// that, by this clause.
type operationRow struct {
	kinds  []operationKind
	in     []stage
	on     happening
	to     stage
	do     func(*Engine, *operation)
	doing  string
	clause string
}

var (
	dials      = []operationKind{makeCall}
	consulting = []operationKind{consult}
	moves      = []operationKind{transfer, redirect}
	recalls    = []operationKind{transfer}
	adds       = []operationKind{conference}
	diverts    = []operationKind{diversion}
	watches    = []operationKind{monitor}
	barges     = []operationKind{bargeIn}
	takes      = []operationKind{intercept}
	everything = []operationKind{makeCall, consult, transfer, redirect, conference, monitor, bargeIn, intercept}
	supervises = []operationKind{monitor, bargeIn, intercept}
)

// operationRows is the whole behaviour of operations. No two rows match the same cell (a test holds it).
var operationRows = []operationRow{
	// A call made for an agent: his own phone first, then the other's (3.1, R31).
	{dials, []stage{reaching}, opByAnswers, calling, (*Engine).callOut, "by hears ringback; call target", "3.1"},
	{dials, []stage{reaching}, opByEnds, over, nil, "", "3.1"},
	{dials, []stage{calling}, opTargetMedia, early, (*Engine).joinByTarget, "join by and target", "3.1"},
	{dials, []stage{early}, opRefused, calling, (*Engine).ringOn, "by hears ringback", "3.1"},
	{dials, []stage{early}, opExpired, calling, (*Engine).ringOn, "by hears ringback", "3.1"},
	{dials, []stage{calling, early}, opTargetAnswers, joining, (*Engine).joinByTarget, "join by and target", "3.1"},
	{dials, []stage{calling, early, joining}, opJoinedByTarget, over, (*Engine).reachTalk, "by talks", "3.1"},
	{dials, []stage{calling, early, joining}, opTargetEnds, over, (*Engine).dropBy, "hang up by", "3.1"},
	{dials, []stage{calling, early}, opTargetMisses, calling, (*Engine).passOn, "to the next of the agent's list", "3.3"},
	{dials, []stage{calling, early, joining}, opByEnds, ending, (*Engine).dropTarget, "hang up target", "3.1"},
	{dials, []stage{joining}, opRefused, ending, (*Engine).failCall, "refuse; hang up both", "3.1"},
	{dials, []stage{joining}, opExpired, ending, (*Engine).failCall, "refuse; hang up both", "3.1"},

	// A consult: with waits while by calls target.
	{consulting, []stage{calling}, opTargetRings, calling, (*Engine).tellStage2, "stage 2", "3.6"},
	{consulting, []stage{calling}, opTargetAnswers, joining, (*Engine).joinByTarget, "join by and target", "3.6"},
	{consulting, []stage{joining}, opJoinedByTarget, talking, (*Engine).tellStage4, "stage 4", "3.6"},
	{consulting, []stage{calling, joining}, opTargetEnds, held, (*Engine).consultFailed, "stage 3; by waits", "3.6"},
	{consulting, []stage{cancelling}, opTargetEnds, held, (*Engine).consultFailed, "stage 3; by waits", "3.6"},
	{consulting, []stage{cancelling}, opExpired, held, (*Engine).endUnconfirmed, "refuse; stage 3; by waits", "3.6"},
	{consulting, []stage{returned}, opExpired, over, (*Engine).refuseAndReclaim, "refuse; by has with again", "3.6"},
	{consulting, []stage{parting}, opRefused, rejoining, (*Engine).undoComplete, "refuse; join by and target, with waits", "3.6"},
	{consulting, []stage{parting}, opExpired, rejoining, (*Engine).undoComplete, "refuse; join by and target, with waits", "3.6"},
	{consulting, []stage{calling, joining}, opCancel, cancelling, (*Engine).cancelTarget, "hang up target", "3.6"},
	{consulting, []stage{joining}, opRefused, cancelling, (*Engine).refuseAndCancel, "refuse; hang up target", "3.6"},
	{consulting, []stage{joining}, opExpired, cancelling, (*Engine).refuseAndCancel, "refuse; hang up target", "3.6"},
	{consulting, []stage{talking, rejoining, swapBack}, opTargetEnds, held, (*Engine).consultEnded, "stage 5; by waits", "3.6"},
	{consulting, []stage{alternated}, opTargetEnds, over, (*Engine).reclaimAfter, "stage 5; by has with", "3.6"},
	{consulting, []stage{calling, joining, talking, rejoining, swapping, swapBack}, opRetrieve, returning,
		(*Engine).retrieve, "join by and with; hang up target", "3.6"},
	{consulting, []stage{alternated}, opRetrieve, returned, (*Engine).cancelTarget, "hang up target", "3.6"},
	{consulting, []stage{held}, opRetrieve, resuming, (*Engine).joinByWith, "join by and with", "3.6"},
	{consulting, []stage{returning}, opTargetEnds, regaining, (*Engine).turnBack, "", "3.6"},
	{consulting, []stage{swapping}, opTargetEnds, resuming, (*Engine).targetLeft, "stage 5", "3.6"},
	{consulting, []stage{returning}, opJoinedByWith, returned, nil, "", "3.6"},
	{consulting, []stage{resuming}, opJoinedByWith, over, (*Engine).takeBack, "by has with again", "3.6"},
	{consulting, []stage{regaining}, opJoinedByWith, over, (*Engine).regain, "stage 5; by has with again", "3.6"},
	{consulting, []stage{returned}, opTargetEnds, over, (*Engine).reclaimAfter, "stage 5; by has with again", "3.6"},
	{consulting, []stage{returning, regaining}, opRefused, held, (*Engine).refuseRetrieve, "refuse; stage 5; all wait", "3.6"},
	{consulting, []stage{returning, regaining}, opExpired, held, (*Engine).refuseRetrieve, "refuse; stage 5; all wait", "3.6"},
	{consulting, []stage{resuming}, opRefused, held, (*Engine).refuseToHold, "refuse; all wait", "3.6"},
	{consulting, []stage{resuming}, opExpired, held, (*Engine).refuseToHold, "refuse; all wait", "3.6"},
	{consulting, []stage{talking, alternated}, opComplete, merging, (*Engine).joinWithTarget, "join with and target", "3.6"},
	{consulting, []stage{merging}, opJoinedWithTarget, parting, (*Engine).sendByAway, "hang up by", "3.6"},
	{consulting, []stage{parting}, opByEnds, over, (*Engine).tellMerged, "party changed", "3.6"},
	{consulting, []stage{parting}, opTargetEnds, parting, nil, "", "3.14"},
	{consulting, []stage{parting}, opWithEnds, parting, nil, "", "3.14"},
	{consulting, []stage{merging}, opTargetEnds, held, (*Engine).targetGone, "refuse; stage 5; by and with wait", "3.14"},
	{consulting, []stage{merging}, opWithEnds, rejoining, (*Engine).rejoinAlone, "refuse; join by and target", "3.14"},
	{consulting, []stage{merging}, opByEnds, bereft, (*Engine).waitBereft, "with and target live on", "3.14"},
	{consulting, []stage{merging, meeting, swapping, swapBack}, opRefused, rejoining, (*Engine).refuseAndRejoin,
		"refuse; join by and target, with waits", "3.6"},
	{consulting, []stage{merging, meeting, swapping, swapBack}, opExpired, rejoining, (*Engine).refuseAndRejoin,
		"refuse; join by and target, with waits", "3.6"},
	{consulting, []stage{bereft}, opJoinedWithTarget, over, (*Engine).tellMerged, "party changed", "3.6"},
	{consulting, []stage{bereft}, opTargetEnds, over, (*Engine).bereave, "refuse; hang up with", "3.14"},
	{consulting, []stage{bereft}, opWithEnds, ending, (*Engine).bereave, "refuse; hang up target", "3.14"},
	{consulting, []stage{bereft}, opRefused, ending, (*Engine).failBereft, "refuse; hang up with and target", "3.6"},
	{consulting, []stage{bereft}, opExpired, ending, (*Engine).failBereft, "refuse; hang up with and target", "3.6"},
	{consulting, []stage{rejoining}, opJoinedByTarget, talking, (*Engine).resumeTalk, "by talks", "3.6"},
	{consulting, []stage{rejoining}, opRefused, held, (*Engine).cancelHeld, "hang up target; stage 5; by waits", "3.6"},
	{consulting, []stage{rejoining}, opExpired, held, (*Engine).cancelHeld, "hang up target; stage 5; by waits", "3.6"},
	// Completed while target still rings: from then on it is a transfer (3.6, blind).
	{consulting, []stage{calling, joining}, opComplete, leaving, (*Engine).completeEarly, "hang up by", "3.6"},
	{consulting, []stage{leaving}, opByEnds, calling, (*Engine).becomeTransfer, "party changed; now a transfer", "3.6"},
	{consulting, []stage{leaving}, opRefused, calling, (*Engine).undoEarly, "refuse; the consult goes on", "3.6"},
	{consulting, []stage{leaving}, opExpired, calling, (*Engine).undoEarly, "refuse; the consult goes on", "3.6"},
	{consulting, []stage{leaving}, opTargetEnds, leaving, nil, "", "3.6"},
	{consulting, []stage{leaving}, opWithEnds, ending, (*Engine).dropTarget, "hang up target", "3.6"},
	{consulting, []stage{talking, alternated}, opConfer, meeting, (*Engine).meetInRoom, "put all into a room", "3.8"},
	{consulting, []stage{meeting}, opMet, over, (*Engine).tellConferenced, "party added", "3.8"},
	{consulting, []stage{meeting}, opByEnds, bereft, (*Engine).meetBereft, "join with and target", "3.9"},
	{consulting, []stage{meeting}, opTargetEnds, held, (*Engine).targetGone, "refuse; stage 5; by and with wait", "3.14"},
	{consulting, []stage{meeting}, opWithEnds, rejoining, (*Engine).rejoinAlone, "refuse; join by and target", "3.14"},
	{consulting, []stage{talking, rejoining}, opAlternate, swapping, (*Engine).swapToWith, "join by and with; target waits", "3.6"},
	{consulting, []stage{alternated}, opAlternate, swapBack, (*Engine).swapToTarget, "join by and target; with waits", "3.6"},
	{consulting, []stage{swapping}, opJoinedByWith, alternated, (*Engine).tellSwapped, "held and retrieved", "3.6"},
	{consulting, []stage{swapBack}, opJoinedByTarget, talking, (*Engine).tellSwapped, "held and retrieved", "3.6"},
	{consulting, []stage{calling, joining, talking, alternated, returning, regaining, resuming, returned, rejoining, swapping,
		swapBack, cancelling, held}, opByEnds, ending, (*Engine).dropBoth, "hang up with and target", "3.6"},
	{consulting, []stage{calling, joining}, opWithEnds, calling, (*Engine).becomeCall, "the consult goes on alone", "3.6"},
	{consulting, []stage{talking}, opWithEnds, over, (*Engine).goOnAlone, "the consult goes on alone", "3.6"},
	{consulting, []stage{rejoining, swapBack}, opWithEnds, rejoining, (*Engine).outlive, "the consult goes on alone", "3.6"},
	{consulting, []stage{alternated, swapping}, opWithEnds, rejoining, (*Engine).rejoinAlone, "join by and target", "3.6"},
	{consulting, []stage{returning, returned, cancelling}, opWithEnds, ending, (*Engine).dropByAndTarget, "hang up by", "3.6"},
	{consulting, []stage{regaining, resuming, held}, opWithEnds, over, (*Engine).dropBy, "hang up by", "3.6"},

	// A transfer in one step, and a redirection of a ringing phone: by goes first.
	{moves, []stage{leaving}, opByEnds, calling, (*Engine).callTarget, "call target", "3.5"},
	{moves, []stage{leaving}, opWithEnds, over, (*Engine).nobodyToMove, "refuse", "3.14"},
	{moves, []stage{leaving}, opRefused, over, (*Engine).undoMove, "refuse; join by and with", "3.5"},
	{moves, []stage{leaving}, opExpired, over, (*Engine).undoMove, "refuse; join by and with", "3.5"},
	{moves, []stage{calling}, opTargetRings, calling, (*Engine).tellMoved, "party changed", "3.5"},
	{moves, []stage{calling}, opTargetAnswers, merging, (*Engine).joinWithTarget, "join with and target", "3.5"},
	{moves, []stage{calling, merging}, opWithEnds, ending, (*Engine).dropTarget, "hang up target", "3.5"},
	{moves, []stage{merging}, opJoinedWithTarget, over, (*Engine).finishMove, "party changed", "3.5"},
	{moves, []stage{merging}, opRefused, calling, (*Engine).unjoin, "with waits; hang up target", "3.5"},
	{moves, []stage{merging}, opExpired, calling, (*Engine).unjoin, "with waits; hang up target", "3.5"},
	{moves, []stage{calling}, opTargetMisses, calling, (*Engine).passOn, "to the next of the agent's list", "3.3"},
	{recalls, []stage{calling, merging}, opTargetEnds, recalling, (*Engine).recall, "call by again", "3.5"},
	{[]operationKind{redirect}, []stage{calling, merging}, opTargetEnds, over, (*Engine).failCaller, "hang up with", "3.13"},
	{recalls, []stage{recalling, restoring}, opWithEnds, ending, (*Engine).dropTarget, "hang up target", "3.5"},
	{recalls, []stage{recalling}, opTargetAnswers, restoring, (*Engine).joinWithTarget, "join with and by", "3.5"},
	{recalls, []stage{restoring}, opJoinedWithTarget, over, (*Engine).finishMove, "party changed", "3.5"},
	{recalls, []stage{restoring}, opRefused, recalling, (*Engine).giveUpTarget, "hang up by", "3.5"},
	{recalls, []stage{restoring}, opExpired, recalling, (*Engine).giveUpTarget, "hang up by", "3.5"},
	{recalls, []stage{recalling, restoring}, opTargetEnds, over, (*Engine).dropWith, "hang up with", "3.5"},

	// A queue sends a caller on to a number; he stays where he is until it answers.
	{diverts, []stage{calling}, opTargetAnswers, merging, (*Engine).joinWithTarget, "join with and target", "3.3"},
	{diverts, []stage{merging}, opJoinedWithTarget, over, nil, "", "3.3"},
	{diverts, []stage{merging}, opRefused, calling, (*Engine).unjoin, "with waits; hang up target", "3.3"},
	{diverts, []stage{merging}, opExpired, calling, (*Engine).unjoin, "with waits; hang up target", "3.3"},
	{diverts, []stage{calling, merging}, opWithEnds, over, (*Engine).dropTarget, "hang up target", "3.3"},
	{diverts, []stage{calling, merging}, opTargetEnds, over, (*Engine).diversionFailed, "to the next, his place or the dialplan", "3.3"},

	// A conference in one step: target is called and all meet.
	{adds, []stage{calling}, opTargetAnswers, meeting, (*Engine).meetInRoom, "put all into a room", "3.8"},
	{adds, []stage{calling}, opTargetEnds, over, (*Engine).refuseAsked, "refuse", "3.8"},
	{adds, []stage{calling}, opByEnds, ending, (*Engine).dropTarget, "hang up target", "3.8"},
	{adds, []stage{meeting}, opMet, over, (*Engine).tellConferenced, "party added", "3.8"},
	{adds, []stage{meeting}, opTargetEnds, over, (*Engine).refuseAndRestore, "refuse; join by and with", "3.8"},
	{adds, []stage{meeting}, opByEnds, meeting, (*Engine).meetOrDrop, "alone, hang up target", "3.8"},
	{adds, []stage{meeting}, opWithEnds, meeting, (*Engine).meetOrDrop, "alone, hang up target", "3.8"},
	{adds, []stage{meeting}, opRefused, ending, (*Engine).failToRestore, "refuse; join by and with; hang up target", "3.8"},
	{adds, []stage{meeting}, opExpired, ending, (*Engine).failToRestore, "refuse; join by and with; hang up target", "3.8"},

	// A supervisor's acts: his own phone is target.
	{everything, []stage{ending}, opTargetEnds, over, nil, "", "3.14"},
	{supervises, []stage{calling}, opByEnds, ending, (*Engine).dropTarget, "hang up target", "3.11"},
	{supervises, []stage{calling}, opWithEnds, ending, (*Engine).dropTarget, "hang up target", "3.11"},
	{supervises, []stage{calling}, opTargetEnds, over, (*Engine).refuseAsked, "refuse", "3.11"},
	{watches, []stage{calling}, opTargetAnswers, joining, (*Engine).listen, "target listens to by", "3.10"},
	{watches, []stage{joining}, opMet, over, nil, "", "3.10"},
	{watches, []stage{joining}, opTargetEnds, over, nil, "", "3.10"},
	{watches, []stage{joining}, opByEnds, ending, (*Engine).dropTarget, "hang up target", "3.10"},
	{watches, []stage{joining}, opWithEnds, joining, nil, "", "3.10"},
	{watches, []stage{joining}, opRefused, ending, (*Engine).refuseAndDrop, "refuse; hang up target", "3.10"},
	{watches, []stage{joining}, opExpired, ending, (*Engine).refuseAndDrop, "refuse; hang up target", "3.10"},
	{barges, []stage{calling}, opTargetAnswers, meeting, (*Engine).meetInRoom, "put all into a room", "3.11"},
	{barges, []stage{meeting}, opMet, over, (*Engine).tellConferenced, "party added", "3.11"},
	{barges, []stage{meeting}, opTargetEnds, over, (*Engine).restoreAndRefuse, "refuse; join by and with", "3.11"},
	{barges, []stage{meeting}, opByEnds, ending, (*Engine).dropTarget, "hang up target", "3.11"},
	{barges, []stage{meeting}, opWithEnds, ending, (*Engine).dropTarget, "hang up target", "3.11"},
	{barges, []stage{meeting}, opRefused, ending, (*Engine).failToRestore, "refuse; join by and with; hang up target", "3.11"},
	{barges, []stage{meeting}, opExpired, ending, (*Engine).failToRestore, "refuse; join by and with; hang up target", "3.11"},
	{takes, []stage{calling}, opTargetAnswers, merging, (*Engine).takeOver, "join with and target", "3.11"},
	{takes, []stage{merging}, opJoinedWithTarget, parting, (*Engine).sendByAway, "hang up by", "3.11"},
	{takes, []stage{parting}, opByEnds, over, (*Engine).tellTaken, "party changed", "3.11"},
	{takes, []stage{merging}, opByEnds, merging, nil, "", "3.11"},
	{takes, []stage{merging}, opTargetEnds, over, (*Engine).restoreTalk, "join by and with", "3.11"},
	{takes, []stage{merging}, opWithEnds, ending, (*Engine).dropByAndTarget, "hang up by and target", "3.11"},
	{takes, []stage{merging}, opRefused, ending, (*Engine).failToRestore, "refuse; join by and with; hang up target", "3.11"},
	{takes, []stage{merging}, opExpired, ending, (*Engine).failToRestore, "refuse; join by and with; hang up target", "3.11"},
}

// operationTable is operationRows as an array, so that a step is one look-up. It is filled by init because the rows'
// acts look into it themselves.
var operationTable [operationKindCount][stageCount][happeningCount]*operationRow

func init() { operationTable = buildOperationTable(operationRows) }

func buildOperationTable(rows []operationRow) (table [operationKindCount][stageCount][happeningCount]*operationRow) {
	for i := range rows {
		r := &rows[i]
		for _, k := range r.kinds {
			for _, s := range r.in {
				put(&table[k][s][r.on], r, k.String()+" "+s.String()+" on "+r.on.String())
			}
		}
	}
	return table
}
