package org.farshore.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.farshore.dataplane.runtime.LiveScreen;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.junit.jupiter.api.Test;

class DemoScreenTest {
    private static final DemoTimeTravel.Outcome BACK = new DemoTimeTravel.Outcome("2026-11-21T08:00:00Z", 812, 3, "");
    private static final DemoProof EQUAL = proof("aa", "aa", "", "");
    private static final DemoProof DIFFERENT = proof("aa", "bb", "", "");

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DemoScreen screen =
            new DemoScreen(new LiveScreen(new PrintStream(bytes, true, StandardCharsets.UTF_8), false), false);

    @Test
    void shouldShowTheBarOfEachVolume() {
        final DemoNumbers numbers = DemoSamples.inOrder()
                .agent(ReplicationCounter.VOLUME_STATE, "disk0", 1)
                .agent(ReplicationCounter.VOLUME_TODO, "disk0", 1 << 28)
                .numbers();

        assertThat(String.join("\n", screen.live("copying", numbers, List.of(), 1)))
                .contains("disk0", "[##################------] 75.0 %  initial copy", "3.00 : 1", "killed once")
                .doesNotContain("\u001b");
    }

    @Test
    void shouldKeepItsLinesShort() {
        for (final String line : screen.live("copying", DemoSamples.inOrder().numbers(), List.of(), 0)) {
            assertThat(line.length()).as(line).isLessThan(80);
        }
    }

    @Test
    void shouldPrintOnePlainLineAtATimeElsewhere() {
        final DemoNumbers numbers = DemoSamples.inOrder().numbers();
        screen.show("copying", numbers, List.of(), 0);
        screen.show("copying", numbers, List.of(), 0);

        assertThat(bytes.toString(StandardCharsets.UTF_8)).hasLineCount(1).contains("100.0 % copied");
    }

    @Test
    void shouldCallAReceiptEqualOnlyWhenEverythingIs() {
        assertThat(receipt(List.of(EQUAL)).equal()).isTrue();
        assertThat(receipt(List.of(EQUAL, DIFFERENT)).equal()).isFalse();
        assertThat(receipt(List.of(proof("aa", "aa", "", "wrong sum"))).equal()).isFalse();
        assertThat(receipt(List.of(proof("aa", "aa", "dirty", ""))).equal()).isFalse();
        assertThat(receipt(List.of()).equal()).isFalse();
    }

    @Test
    void shouldWriteTheReceiptAsOneJsonObject() {
        final JsonObject object =
                JsonParser.parseString(receipt(List.of(EQUAL)).json()).getAsJsonObject();

        assertThat(object.get("result").getAsString()).isEqualTo("equal");
        assertThat(object.get("capture").getAsString()).isEqualTo("ebpf");
        assertThat(object.getAsJsonArray("sourceSha256").get(0).getAsString()).isEqualTo("aa");
        assertThat(object.getAsJsonObject("recoveryPointLagMs").keySet()).containsExactly("p50", "p99", "max");
        assertThat(object.keySet())
                .contains(
                        "replicaSha256",
                        "capturedBytes",
                        "initialCopyBytes",
                        "resyncBytes",
                        "repairBytes",
                        "droppedRecords",
                        "sentBytes",
                        "seconds",
                        "kills");
        assertThat(receipt(List.of(EQUAL)).json()).doesNotContain("\n");
    }

    @Test
    void shouldSayOnTheReceiptWhatWasNotShown() {
        final DemoReceipt receipt = new DemoReceipt(
                "scan", List.of(EQUAL), null, DemoSamples.inOrder().numbers(), "write order", 12, 0);

        assertThat(String.join("\n", receipt.lines())).contains("EQUAL", "not shown    write order", "12 s");
    }

    @Test
    void shouldFitTheReceiptIntoEightyColumns() {
        final String digest = "0123456789abcdef".repeat(4);
        final DemoReceipt receipt = new DemoReceipt(
                "scan",
                List.of(proof(digest, digest, "", "")),
                BACK,
                DemoSamples.inOrder().numbers(),
                "a long text about everything that cannot be shown when nothing but checksums is compared",
                12,
                1);

        assertThat(receipt.lines()).allSatisfy(line -> assertThat(line.length()).isLessThan(80));
    }

    @Test
    void shouldNotCallARunEqualWhosePastWasNot() {
        final DemoTimeTravel.Outcome lost =
                new DemoTimeTravel.Outcome("2026-11-21T08:00:00Z", 812, 3, "the marker is not there");
        final DemoReceipt receipt = new DemoReceipt(
                "ebpf", List.of(EQUAL), lost, DemoSamples.inOrder().numbers(), "", 12, 0);
        assertThat(receipt.equal()).isFalse();
        assertThat(receipt.json()).contains("\"viewResult\":\"the marker is not there\"");
        final DemoReceipt good = new DemoReceipt(
                "ebpf", List.of(EQUAL), BACK, DemoSamples.inOrder().numbers(), "", 12, 0);
        assertThat(good.equal()).isTrue();
        assertThat(good.json())
                .contains("\"recoveredPoint\":{\"time\":\"2026-11-21T08:00:00Z\",\"sequence\":812}")
                .contains("\"viewOpenMs\":3", "\"viewResult\":\"equal\"");
    }

    @Test
    void shouldBreakLongStepsAtBlanks() {
        assertThat(DemoScreen.wrap("one two three", 8)).containsExactly("one two", "three");
        assertThat(DemoScreen.wrap("longerthanwide x", 5)).containsExactly("longerthanwide", "x");
    }

    private static DemoReceipt receipt(final List<DemoProof> proofs) {
        return new DemoReceipt("ebpf", proofs, null, DemoSamples.inOrder().numbers(), "", 42.04, 1);
    }

    private static DemoProof proof(
            final String source, final String replica, final String fileSystem, final String database) {
        return new DemoProof(
                "disk0",
                Path.of("/dev/loop0"),
                Path.of("/r"),
                1 << 30,
                source,
                replica,
                List.of(),
                fileSystem,
                database,
                7);
    }
}
