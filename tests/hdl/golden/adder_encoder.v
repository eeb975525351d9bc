// encoder of adder
module adder_encoder (
    input wire clk,
    input wire [3:0] x,
    output wire [5:0] to_core,
    output wire [0:0] result
);
    wire x0_b0 = x[0];
    wire x1_b0 = x[1];
    wire x2_b0 = x[2];
    wire x3_b0 = x[3];

    // registers in front of stage 1
    reg
        x0_b0_r1, x1_b0_r1, x2_b0_r1, x3_b0_r1;
    always @(posedge clk) begin
        x0_b0_r1 <= x0_b0;
        x1_b0_r1 <= x1_b0;
        x2_b0_r1 <= x2_b0;
        x3_b0_r1 <= x3_b0;
    end

    // registers in front of stage 2
    reg
        x0_b0_r2;
    always @(posedge clk) begin
        x0_b0_r2 <= x0_b0_r1;
    end

    assign to_core = {
        x3_b0_r1, x2_b0_r1, x1_b0_r1, x0_b0_r1, x2_b0, x0_b0
    };

    assign result = {
        x0_b0_r2
    };
endmodule
