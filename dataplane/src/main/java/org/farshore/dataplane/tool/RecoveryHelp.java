package org.farshore.dataplane.tool;

import java.util.Map;

/** What {@code --help} prints for the commands to a running master target. */
final class RecoveryHelp {
    private static final String COMMON = """

              --machine ID   the machine, or the begin of its id; not needed while there is only one
              --config FILE  settings of the master target, for its data directory
              --data DIR     its data directory (default /var/lib/farshore/master-target)
              --json         one JSON object: exitCode, message, rows

            Exit codes: 0 done, 1 the answer is no (with the reason), 2 usage, 74 storage, 75 the role is not running,
            77 not permitted.
            """;

    private static final String POINT = """

            A POINT is latest (default), latest-processed, latest-application, a sequence, label=NAME, or a time of the
            protected machine: 2026-01-31T14:05:09, 14:05:09.250 (today), '90s ago'. The last point at or before it counts.
            """;

    private static final Map<String, String> TEXTS = Map.of(
            "points", """
            Usage: farshore points [--volumes A,B] [--last N]

            Lists the moments that a machine can be taken back to, oldest first.

              --volumes A,B  points at which these volumes were in write order (default: all of the machine)
              --last N       the newest N of them

            Examples
              farshore points --last 20
              farshore points --volumes data,log --json
            """,
            "view", """
            Usage: farshore view open [--point POINT] [--volumes A,B]
                   farshore view list
                   farshore view close ID

            A view shows volumes as they were at a point, over NBD, to read and to write; what is written to it is its own.
            Replication goes on. Opening it copies nothing. It stays open over a restart of the role until it is closed;
            closing it removes what was written to it.

            Examples
              farshore view open --point '90s ago'
              nbdfuse /mnt/disk.img 'nbd+unix:///3f2a91c0/data?socket=/var/lib/farshore/master-target/nbd.sock'
              farshore view close 3f2a91c0
            """,
            "test-failover", """
            Usage: farshore test-failover start [--point POINT]
                   farshore test-failover cleanup [ID]

            Opens all volumes of a machine at one point, to start the machine from them and try. The source and replication
            notice nothing. Cleanup closes them, looks whether a file, an export or a held moment is left, and says so.

            Examples
              farshore test-failover start
              farshore test-failover cleanup
            """,
            "failover", """
            Usage: farshore failover --yes [--point POINT]
                   farshore failover status
                   farshore failover change-point --yes [--point POINT]
                   farshore failover cancel --yes

            The machine runs here from now on: its source is refused, durably, from the first moment on, and its volumes at
            the point are served over NBD. Nothing else needs to be alive for that. Until farshore commit another point
            can be taken (what the machine has written here since is lost), or all of it cancelled (likewise; the source
            may come back and goes on where it was).

            Examples
              farshore failover --yes --point latest
              farshore failover change-point --yes --point 14:05:09
            """,
            "commit", """
            Usage: farshore commit --yes

            After a failover: brings the view into the replica volumes while it stays in use. Then the replica volumes are
            the disks, and every recovery point is given up. Goes on when this command, or the role, is stopped and
            started again. There is no way back.
            """,
            "retention", """
            Usage: farshore retention
                   farshore retention set --window LENGTH
                   farshore retention pin NAME [--point POINT]
                   farshore retention unpin NAME
                   farshore retention give-up --yes

            How far back one can go. A window is kept from its change on, also over restarts; a shorter one gives points up.
            A pin keeps a point and everything behind it, whatever the window. give-up lets go of all points until a newer
            one names every volume: for a resync that finds no room.

            Examples
              farshore retention set --window 36h
              farshore retention pin before-upgrade --point latest
            """);

    private RecoveryHelp() {}

    static String of(final String command) {
        final String text = TEXTS.getOrDefault(command, "");
        return text + (text.contains("POINT") ? POINT : "") + COMMON;
    }

    /** What a command that wants {@code --yes} does. */
    static String grave(final String words) {
        return switch (words) {
            case "failover" -> "the source will be refused from now on";
            case "failover change-point" -> "what was written since the failover will be lost";
            case "failover cancel" -> "what was written since the failover will be lost, and the source may come back";
            case "commit" -> "all recovery points will be given up, and there is no way back";
            default -> "all recovery points will be given up";
        };
    }
}
