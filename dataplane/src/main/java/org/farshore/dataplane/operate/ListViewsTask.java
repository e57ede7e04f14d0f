package org.farshore.dataplane.operate;

import java.util.List;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.failover.ViewReport;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code view-list}: every open view, of one machine when it is named. */
final class ListViewsTask extends StagedTask {
    private final String machine;

    ListViewsTask(final Operator operator, final CommandRequest request) {
        super(operator);
        machine = request.find(OperatedMachine.ARGUMENT);
    }

    @Override
    Stage begin(final CommandReply reply) {
        return await(operator().failoverAgent().views(), this::answer);
    }

    private Stage answer(final List<ViewReport> views) {
        boolean isEmpty = true;
        for (final ViewReport view : views) {
            if (machine == null || view.machine().startsWith(machine)) {
                for (final ViewReport.Volume volume : view.volumes()) {
                    row(Rows.view(view, volume));
                    isEmpty = false;
                }
            }
        }
        return end(ExitCode.OK, isEmpty ? "no view is open" : "");
    }
}
