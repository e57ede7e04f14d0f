package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The data path allocates nothing for a batch: the three roles do without a collector. {@code --long epsilon} runs longer. */
@Tag("system")
class EpsilonSystemTest {
    private static final Pattern HEAP = Pattern.compile("heap used ([0-9.]+) of ([0-9.]+) MiB, collections ([0-9]+)");
    private static final long MEMORY_NEEDED = 3L << 30;

    @Test
    void threeRolesPassTwoGibibytesWithoutACollector() throws java.io.IOException {
        if (Files.getFileStore(Path.of("/dev/shm")).getUsableSpace() < MEMORY_NEEDED) {
            Features.skip("EpsilonSystemTest", "less than 3 GiB free in /dev/shm");
        }
        final String printed = Shell.run(
                        Duration.ofMinutes(5),
                        Map.of(),
                        List.of(FarshoreLab.launcher().toString(), "epsilon", "2", "/dev/shm"))
                .mustSucceed()
                .output();
        System.out.println(printed);
        final Matcher heap = HEAP.matcher(printed);
        int roles = 0;
        while (heap.find()) {
            roles++;
            assertThat(Double.parseDouble(heap.group(1))).isLessThan(Double.parseDouble(heap.group(2)));
            assertThat(heap.group(3)).as("runs of a collector").isEqualTo("0");
        }
        assertThat(roles).isEqualTo(3);
    }
}
