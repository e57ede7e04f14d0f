package org.farshore.dataplane.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Properties;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.dataplane.runtime.ManualClocks;
import org.farshore.dataplane.runtime.SeededEntropy;
import org.farshore.dataplane.runtime.Settings;
import org.farshore.dataplane.runtime.SimulatedDisk;
import org.junit.jupiter.api.Test;

class JournalContextTest {
    private static final long GIB = 1L << 30;

    private final SimulatedDisk disk = new SimulatedDisk(1);

    private JournalContext concluded(final String... limit) {
        final Properties properties = new Properties();
        if (limit.length > 0) {
            properties.setProperty("farshore.master-target." + JournalContext.LIMIT_PROP_NAME, limit[0]);
        }
        return new JournalContext()
                .configure(Settings.load("master-target", null, properties))
                .files(disk)
                .directory(Path.of("/data/machine/journal"))
                .clocks(new ManualClocks())
                .entropy(new SeededEntropy(1))
                .counters(new HeapCounters(), "machine")
                .conclude();
    }

    @Test
    void withoutASettingTheJournalMayTakeHalfOfItsFileSystem() {
        disk.capacity(10 * GIB + 1);

        assertThat(concluded().limit()).isEqualTo(5 * GIB);
        assertThat(concluded("auto").limit()).isEqualTo(5 * GIB);
    }

    @Test
    void onATinyFileSystemItMayTakeTheFewestSegmentsThatWork() {
        disk.capacity(100 << 20);

        assertThat(concluded().limit()).isEqualTo(JournalLimits.SEGMENTS_MIN * (64L << 20));
    }

    @Test
    void onAHugeOneItTakesTheMostSegmentsOfAStream() {
        assertThat(concluded().limit()).isEqualTo(JournalLimits.SEGMENTS_MAX * (64L << 20));
    }

    @Test
    void aSettingCountsWhateverTheFileSystem() {
        disk.capacity(10 * GIB);

        assertThat(concluded("20g").limit()).isEqualTo(20 * GIB);
    }

    @Test
    void aSettingThatIsNoSizeIsRefused() {
        assertThatThrownBy(() -> concluded("half"))
                .isInstanceOf(FarshoreException.class)
                .hasMessageContaining("journal.limit");
    }
}
