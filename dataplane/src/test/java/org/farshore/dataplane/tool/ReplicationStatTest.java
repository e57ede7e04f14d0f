package org.farshore.dataplane.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.LiveScreen;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.runtime.RoleSample;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplicationStatTest {
    @Test
    void shouldShowVolumesWithABarWhileTheyAreCopied() {
        final RoleSample sample = Samples.protectedAgent()
                .with(ReplicationCounter.VOLUME_STATE, "data", 1)
                .with(ReplicationCounter.VOLUME_TODO, "data", 1 << 29)
                .sample();

        assertThat(table(sample, null)).contains("initial copy", "[##########----------] 50.0 %", "512.0 MiB to read");
    }

    @Test
    void shouldTakeRatesAndTimeLeftFromTwoSamples() {
        final Samples samples = Samples.protectedAgent().with(ReplicationCounter.VOLUME_STATE, "data", 1);
        final RoleSample before = samples.with(ReplicationCounter.VOLUME_TODO, "data", 300_000_000)
                .with(ReplicationCounter.CAPTURED_BYTES, "m", 0)
                .sample();
        final RoleSample now = samples.with(ReplicationCounter.VOLUME_TODO, "data", 200_000_000)
                .with(ReplicationCounter.CAPTURED_BYTES, "m", 24_600_000)
                .at(2_000_000_000L)
                .sample();

        assertThat(table(now, before)).contains("at 50.0 MB/s, 4.00 s left", "12.3 MB/s");
    }

    @Test
    void shouldShowLagsAsDifferencesOfPositions() {
        final RoleSample agent = Samples.protectedAgent()
                .with(ReplicationCounter.CAPTURE_PRODUCER_POSITION, "m", 3 << 20)
                .with(ReplicationCounter.CAPTURE_RELEASED_POSITION, "m", 1 << 20)
                .with(ReplicationCounter.CAPTURE_RING_LENGTH, "m", 8 << 20)
                .with(ReplicationCounter.SENT_SEQUENCE, "m", 1500)
                .with(ReplicationCounter.DURABLE_SEQUENCE, "m", 300)
                .sample();
        final RoleSample target = Samples.of("master-target")
                .with(ReplicationCounter.JOURNAL_APPENDED_POSITION, "m", 9 << 20)
                .with(ReplicationCounter.JOURNAL_DURABLE_POSITION, "m", 8 << 20)
                .with(ReplicationCounter.JOURNAL_APPLIED_POSITION, "m", 4 << 20)
                .sample();

        assertThat(table(agent, null)).contains("2.0 MiB of the ring (25.0 %), 1,200 records not durable");
        assertThat(table(target, null)).contains("not durable 1.0 MiB, durable and not applied 4.0 MiB");
    }

    @Test
    void shouldShowTheRatioAndTheErrors() {
        final RoleSample sample = Samples.of("process-server")
                .with(ReplicationCounter.OPTIMISE_IN_BYTES, "m", 3000)
                .with(ReplicationCounter.OPTIMISE_OUT_BYTES, "m", 1000)
                .withFault("java.io.IOException: no route\n\tat somewhere")
                .sample();

        assertThat(table(sample, null))
                .contains("3.00 : 1", "3 times", "java.io.IOException: no route")
                .doesNotContain("somewhere");
        assertThat(StatTable.ratio(5, 0)).isEqualTo("-");
    }

    @Test
    void shouldStayWithinEightyColumns() {
        final RoleSample sample = Samples.protectedAgent()
                .with(ReplicationCounter.SESSION_STATE, "m", 0)
                .sample();

        for (final String line : new StatTable(false, false).lines(sample, null)) {
            assertThat(line.length()).as(line).isLessThanOrEqualTo(100);
        }
    }

    @Test
    void shouldWriteOneJsonObjectWithEverything() {
        final RoleSample sample =
                Samples.protectedAgent().withFault("a \"quoted\"\nfault").sample();

        final String json = StatJson.of(List.of(sample), Arrays.asList((RoleSample) null));

        assertThat(json)
                .startsWith("{\"timeMs\":")
                .contains("\"healthy\":true", "\"name\":\"recovery.lag.ms\",\"subject\":\"m\",\"value\":350")
                .contains("\"state\":\"ordered\"", "\"copiedShare\":1.000", "a \\\"quoted\\\"\\nfault")
                .doesNotContain("\n")
                .endsWith("}");
    }

    @Test
    void shouldEndWithTryLaterWhenThereIsNoRole(@TempDir final Path empty) {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final LiveScreen screen = new LiveScreen(new PrintStream(bytes, true, StandardCharsets.UTF_8), false);
        final ReplicationStat stat = new ReplicationStat(StatOptions.parse(), screen, false, empty);

        assertThat(stat.look()).isEqualTo(ExitCode.UNAVAILABLE);
        assertThat(bytes.toString(StandardCharsets.UTF_8)).contains("No role process found");
    }

    private static String table(final RoleSample now, final RoleSample before) {
        return String.join("\n", new StatTable(false, false).lines(now, before));
    }
}
