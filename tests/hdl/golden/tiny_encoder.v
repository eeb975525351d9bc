// encoder of tiny
module tiny_encoder (
    input wire clk,
    input wire [4:0] x,
    output wire [4:0] to_core
);
    wire x0_b0 = x[0];
    wire x0_b1 = x[1];
    wire x0_b2 = x[2];
    wire x1_b0 = x[3];
    wire x1_b1 = x[4];

    // stage 0
    localparam [7:0] x0_ge_1_table = 8'hfe;
    wire x0_ge_1 = x0_ge_1_table[{x0_b2, x0_b1, x0_b0}];
    wire x0_ge_6 = x0_b1 & x0_b2;
    wire x1_ge_3 = x1_b0 & x1_b1;

    // registers in front of stage 1
    reg
        x0_b2_r1, x1_b1_r1, x0_ge_1_r1, x0_ge_6_r1, x1_ge_3_r1;
    always @(posedge clk) begin
        x0_b2_r1 <= x0_b2;
        x1_b1_r1 <= x1_b1;
        x0_ge_1_r1 <= x0_ge_1;
        x0_ge_6_r1 <= x0_ge_6;
        x1_ge_3_r1 <= x1_ge_3;
    end

    assign to_core = {
        x1_ge_3_r1, x0_ge_6_r1, x0_ge_1_r1, x1_b1_r1, x0_b2_r1
    };
endmodule
